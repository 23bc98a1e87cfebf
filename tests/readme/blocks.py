"""The blocks of code in a text: those of Markdown that are indented, and those below the headings of a banner."""
import textwrap


def of_markdown(text):
    """Indented blocks, in order; an empty line ends one."""
    blocks, block = [], []
    for line in [*text.splitlines(), ""]:
        if line.startswith("    "):
            block.append(line)
        elif block:
            blocks.append(textwrap.dedent("\n".join(block)) + "\n")
            block = []
    return blocks


def of_banner(text):
    """The paragraph below each line that begins with "== ", by the first word of that line."""
    paragraphs = text.split("\n\n")
    pairs = zip(paragraphs, paragraphs[1:])
    return {head.split()[1].strip(",:"): body + "\n" for head, body in pairs if head.startswith("== ")}


def without_dev(block):
    """Without the lines that build and test this very folder."""
    return "".join(line for line in block.splitlines(True) if not line.startswith("./dev "))
