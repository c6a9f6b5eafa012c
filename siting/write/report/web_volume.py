"""The volume as a page: the Word document itself, read again, so that both say the same."""

from io import BytesIO
from typing import Final

import mammoth

from siting.text import Lang
from siting.write.html import document

# The styles of our templates; those of a bureau's own become plain paragraphs, and its heads stay heads.
_STYLES: Final = """
p[style-name='Cover title'] => p.cover:fresh
p[style-name='Cover line'] => p.line:fresh
p[style-name='Contents head'] => p.contents-head:fresh
p[style-name='Contents line'] => p.contents:fresh
p[style-name='caption'] => p.caption:fresh
p[style-name='Figure caption'] => p.caption:fresh
p[style-name='Table figure'] => p.figure:fresh
p[style-name='Note'] => p.note:fresh
"""
_LOOK: Final = """
:root{--ink:#1f2a33;--soft:#5a646b;--rule:#b8c0c6;--shade:#dce6ec}
*{box-sizing:border-box}
body{margin:0;color:var(--ink);background:#fff;
font:16px/1.75 "Noto Serif CJK SC","Source Han Serif SC",FangSong,"仿宋","Times New Roman",serif}
main{max-width:52rem;margin:0 auto;padding:3rem 1.25rem 4rem;overflow-wrap:anywhere}
h1,h2,h3,.cover,.contents-head,.caption,th,td{font-family:"Noto Sans CJK SC","Source Han Sans SC","Microsoft YaHei",
"PingFang SC",Arial,sans-serif}
h1{font-size:1.3rem;line-height:1.4;margin:3rem 0 1rem;border-bottom:2px solid var(--ink);padding-bottom:.3rem}
.cover{font-size:1.7rem;font-weight:600;line-height:1.4;text-align:center;margin:.4rem 0}
.line{text-align:center;color:var(--soft);margin:.4rem 0}
.contents-head{font-weight:600;margin:3rem 0 .5rem}
.contents{margin:.15rem 0}
.caption{text-align:center;font-weight:600;font-size:.95rem;margin:1.5rem 0 .5rem}
.note{color:var(--soft);font-size:.9rem;margin:.3rem 0}
p{margin:.6rem 0}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:.85rem;line-height:1.5;margin:.5rem 0 1.5rem;
overflow-wrap:break-word}
th,td{min-width:4.6em;max-width:24em;border:1px solid var(--rule);padding:.3rem .5rem;
vertical-align:top;text-align:left}
th{background:var(--shade);font-weight:600}
th p,td p{margin:0}
td .figure,th .figure{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td:has(.figure),th:has(.figure){min-width:3em}
img{display:block;max-width:100%;height:auto;margin:1rem auto 0}
@media print{@page{margin:20mm}body{font-size:10.5pt}main{max-width:none;padding:0}
table,img{break-inside:avoid}tr{break-inside:avoid}thead{display:table-header-group}}
"""


def volume_page(volume: bytes, title: str, lang: Lang) -> str:
    """Return the volume as a page that fetches nothing.

    Parameters
    ----------
    volume : bytes
        The Word document. Bookmarks become anchors of the same names, so that the trace holds for both.
    title : str
        Of the page.
    lang : {"zh", "en"}
        Language.

    Returns
    -------
    str
        HTML; texts are escaped, and pictures are within the page.
    """
    read = mammoth.convert_to_html(BytesIO(volume), style_map=_STYLES, id_prefix="")
    # A wide table scrolls by itself on a narrow screen. Texts cannot hold these tags: they are escaped.
    body = read.value.replace("<table>", '<div class="scroll"><table>').replace("</table>", "</table></div>")
    return document(lang=lang, title=title, body=f"<main>{body}</main>", styles=[_LOOK])
