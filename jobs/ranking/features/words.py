"""The words of a text, also in scripts that put no blanks between words.

Letters, marks and digits make words. Chinese, Japanese, Thai, Lao, Khmer and Burmese text is taken as overlapping pairs
of characters, the usual way of search engines without a dictionary; a character that stands alone is a word. A symbol,
such as an emoji, is a word.
"""

from pyspark.sql import Column
from pyspark.sql import functions as F

UNSPACED = r"\p{IsHan}\p{IsHiragana}\p{IsKatakana}\p{IsThai}\p{IsLao}\p{IsKhmer}\p{IsMyanmar}ー"
"""The scripts without blanks, and the mark of long vowels, which Japanese scripts share, as a class of Java's regex."""
_BETWEEN = rf"[{UNSPACED}]+|[^\p{{L}}\p{{M}}\p{{N}}]+"
_PAIRS = rf"(?=([{UNSPACED}]{{2}}))"
_ALONE = rf"(?<![{UNSPACED}])([{UNSPACED}])(?![{UNSPACED}])"
_SYMBOLS = r"(\p{So})"


def words(text: Column) -> Column:
    """Return the different words of a text in lower case, an array of texts; null for null."""
    lower = F.lower(text)
    spaced = F.filter(F.split(lower, _BETWEEN), lambda word: word != "")
    found = [F.regexp_extract_all(lower, F.lit(pattern), F.lit(1)) for pattern in (_PAIRS, _ALONE, _SYMBOLS)]
    return F.array_distinct(F.concat(spaced, *found))
