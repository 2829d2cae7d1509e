"""QR codes as SVG that needs no style and no script of its own."""

import io

import segno


def svg(text: str) -> str:
    """An `<svg>` element with the code; dark on light whatever the page's colours, for cameras want contrast.

    Raises ValueError where `text` is longer than a QR code holds (some 2,900 bytes).
    """
    code = segno.make(text, error="m" if len(text) < 600 else "l", micro=False)
    out = io.BytesIO()
    code.save(
        out, kind="svg", xmldecl=False, svgns=True, border=4, dark="#000", light="#fff",
        omitsize=True, svgclass="qr", lineclass=None, title="QR code",
    )  # fmt: skip
    return out.getvalue().decode()
