#!/usr/bin/env python3
"""Writes the table that the atlas is compared with: what libphonenumber says of many numbers.

    python3 -m venv venv && venv/bin/pip install phonenumbers==9.0.42
    venv/bin/python scripts/agreement.py | gzip -9n > crates/cofferdam-atlas/tests/data/agreement.csv.gz

The version must be that of the metadata in the pinned library (the tables say it: `edition.rs`). All numbers are
drawn at random, from the plans' own patterns and round them; the seed is fixed, so the table can be made again.
Columns: what was read, what it became, region, type; the last three are empty where it is not valid.
"""
import random
import re._parser as sre
import sys

import phonenumbers as pn
from phonenumbers.phonemetadata import PhoneMetadata

DICE = random.Random(20261120)
TYPES = ("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "personal_number", "voip", "pager",
         "uan", "voicemail", "general_desc")
NAMES = {value: name for name, value in vars(pn.PhoneNumberType).items() if isinstance(value, int)}


def draw(parsed):
    """A random text that the pattern matches."""
    text = ""
    for operation, argument in parsed:
        name = str(operation)
        if name == "LITERAL":
            text += chr(argument)
        elif name == "IN":
            text += DICE.choice([c for c in "0123456789" if any(within(c, item) for item in argument)])
        elif name == "BRANCH":
            text += draw(DICE.choice(argument[1]))
        elif name == "SUBPATTERN":
            text += draw(argument[3])
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            low, high, inner = argument
            text += "".join(draw(inner) for _ in range(DICE.randint(low, min(high, low + 6))))
        elif name != "AT":
            raise ValueError(name)
    return text


def within(c, item):
    name, argument = str(item[0]), item[1]
    if name == "LITERAL":
        return ord(c) == argument
    if name == "RANGE":
        return argument[0] <= ord(c) <= argument[1]
    return name == "CATEGORY"


def disturb(national):
    """A number near by: a digit changed, added, lost, two swapped, or a prefix put before."""
    digits = list(national)
    at = DICE.randrange(len(digits))
    way = DICE.randrange(6)
    if way == 0:
        digits[at] = DICE.choice("0123456789")
    elif way == 1:
        digits.insert(at, DICE.choice("0123456789"))
    elif way == 2 and len(digits) > 3:
        del digits[at]
    elif way == 3:
        digits[at:] = [DICE.choice("0123456789") for _ in digits[at:]]
    elif way == 4:
        digits[0] = DICE.choice("0123456789")
    else:
        digits[-1:] = []
    return "".join(digits) or "0"


def metadata():
    for code, regions in sorted(pn.COUNTRY_CODE_TO_REGION_CODE.items()):
        for region in regions:
            if region == "001":
                yield code, PhoneMetadata.metadata_for_nongeo_region(code)
            else:
                yield code, PhoneMetadata.metadata_for_region(region)


def prefixed(code, metadata, national):
    """What people put before a national number and the library takes away again."""
    pattern = metadata.national_prefix_for_parsing
    if pattern and DICE.random() < 0.7:
        return draw(sre.parse(pattern)) + national
    return (metadata.national_prefix or DICE.choice(["0", "1", "8", str(code)])) + national


def inputs():
    for code, meta in metadata():
        for name in TYPES:
            desc = getattr(meta, name)
            if desc is None or not desc.national_number_pattern:
                continue
            parsed = sre.parse(desc.national_number_pattern)
            for _ in range(34):
                national = draw(parsed)
                yield f"+{code}{national}"
                if DICE.random() < 0.65:
                    yield f"+{code}{disturb(national)}"
                if DICE.random() < 0.15:
                    yield f"+{code}{prefixed(code, meta, national)}"
        for length in range(4, 15):
            for _ in range(6):
                yield f"+{code}" + "".join(DICE.choice("0123456789") for _ in range(length))
    for _ in range(2000):
        yield "+" + DICE.choice("123456789") + "".join(DICE.choice("0123456789") for _ in range(DICE.randint(6, 14)))


def verdict(text):
    try:
        number = pn.parse(text)
    except pn.NumberParseException:
        return "", "", ""
    if not pn.is_valid_number(number):
        return "", "", ""
    region = pn.region_code_for_number(number)
    return (pn.format_number(number, pn.PhoneNumberFormat.E164), region, NAMES[pn.number_type(number)])


def main():
    seen = set()
    for text in inputs():
        if text not in seen:
            seen.add(text)
            sys.stdout.write(",".join((text, *verdict(text))) + "\n")


main()
