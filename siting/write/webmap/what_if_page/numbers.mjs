// Numbers as text, as siting/text/numbers.py writes them: ties go to the even digit.

const EXACT = 40;
export const UNKNOWN = "–";

/**
 * @param {number} value finite
 * @param {number} digits
 */
export function fixed(value, digits) {
  const size = Math.abs(value);
  let text = size.toFixed(digits);
  if (size < 1e20) {
    const whole = size.toFixed(EXACT);
    const cut = whole.length - EXACT + digits - (digits ? 0 : 1);
    const rest = whole.slice(cut).replace(".", "");
    if (/^50*$/.test(rest)) {
      const down = whole.slice(0, cut);
      const even = Number(down[down.length - 1]) % 2 === 0;
      if (even) text = down;
    }
  }
  return value < 0 && /[1-9]/.test(text) ? `-${text}` : text;
}

/**
 * @param {number | null} value
 * @param {number} [digits]
 */
export function number(value, digits = 0) {
  if (value === null || !Number.isFinite(value)) return UNKNOWN;
  const [whole, part] = fixed(value, digits).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return part === undefined ? grouped : `${grouped}.${part}`;
}

/**
 * Two decimals more are those of a fraction of a hundred, without rounding twice.
 * @param {number | null} share
 * @param {number} [digits]
 */
export function percent(share, digits = 1) {
  return share === null || !Number.isFinite(share) ? UNKNOWN : `${fixed(share * 100, digits)}%`;
}

/** @param {number | null} count */
export const persons = (count) => (count !== null && count > 0 && count < 1 ? "<1" : number(count));

/**
 * @param {number} low
 * @param {number} high
 * @param {(value: number) => string} write
 */
export function between(low, high, write) {
  if (Number.isNaN(low) && Number.isNaN(high)) return UNKNOWN;
  if (low === high || (Number.isFinite(low) && Number.isFinite(high) && write(low) === write(high))) return write(low);
  if (Number.isNaN(high) || high === Infinity) return `≥ ${write(low)}`;
  return Number.isNaN(low) || low <= 0 ? `≤ ${write(high)}` : `${write(low)}–${write(high)}`;
}
