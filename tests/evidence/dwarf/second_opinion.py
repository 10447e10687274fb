"""What pyelftools reads from a plugin's DWARF, spelled as in `spelled`; for C and C++ only.

Slow and simple on purpose: every entry is walked, and only what the producers of the
fixtures write is understood.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from elftools.elf.elffile import ELFFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from elftools.dwarf.die import DIE

SEEN_THROUGH = {"DW_TAG_typedef", "DW_TAG_const_type", "DW_TAG_volatile_type",
                "DW_TAG_restrict_type", "DW_TAG_atomic_type"}  # fmt: skip
KINDS = {2: "bool", 3: "complex", 4: "f", 5: "i", 6: "i", 7: "u", 8: "u", 16: "u"}


class SecondOpinion:
    """The prototypes of a plugin's functions, by name."""

    def __init__(self, file: Path) -> None:
        with file.open("rb") as stream:
            self.elf = ELFFile(stream)
            self.dwarf = self.elf.get_dwarf_info()
            self.functions = dict(self._functions())

    def _functions(self) -> Iterator[tuple[str, str]]:
        for unit in self.dwarf.iter_CUs():
            for entry in unit.iter_DIEs():
                if entry.tag == "DW_TAG_subprogram" and "DW_AT_low_pc" in entry.attributes:
                    name = self._named(entry)
                    if name:
                        yield name, self.function(entry)

    def _chain(self, entry: DIE) -> list[DIE]:
        chain = [entry]
        while True:
            for attribute in ("DW_AT_abstract_origin", "DW_AT_specification"):
                if attribute in chain[-1].attributes:
                    chain.append(chain[-1].get_DIE_from_attribute(attribute))
                    break
            else:
                return chain

    def _named(self, entry: DIE) -> str | None:
        for each in self._chain(entry):
            for attribute in ("DW_AT_linkage_name", "DW_AT_name"):
                if attribute in each.attributes:
                    return str(each.attributes[attribute].value.decode())
        return None

    def function(self, entry: DIE) -> str:
        """Return a prototype as text."""
        chain = self._chain(entry)
        language = chain[-1].cu.get_top_DIE().attributes["DW_AT_language"].value
        is_stated = any("DW_AT_prototyped" in each.attributes for each in chain)
        is_c = language in {1, 2, 12, 29, 44}
        listed: list[str] = []
        for each in reversed(chain):
            for child in each.iter_children():
                if child.tag == "DW_TAG_formal_parameter":
                    listed.append(self.of(self._chain(child)[-1]))
                elif child.tag == "DW_TAG_unspecified_parameters" and (is_stated or not is_c):
                    listed.append("...")
            if listed:
                break
        typed = next((each for each in chain if "DW_AT_type" in each.attributes), entry)
        mark = "unstated " if is_c and not is_stated and not listed else ""
        return f"{mark}fn({', '.join(listed)}) -> {self.of(typed)}"

    def of(self, entry: DIE, *, is_pointee: bool = False) -> str:
        """Return the type that an entry has as text."""
        name = ""
        while True:
            if "DW_AT_type" not in entry.attributes:
                return "void"
            entry = entry.get_DIE_from_attribute("DW_AT_type")
            if entry.tag not in SEEN_THROUGH:
                break
            if entry.tag == "DW_TAG_typedef":
                name = entry.attributes["DW_AT_name"].value.decode()
        return self.type(entry, name, is_pointee=is_pointee)

    def type(  # noqa: C901  a flat match
        self, entry: DIE, typedef: str, *, is_pointee: bool
    ) -> str:
        """Return a type as text."""
        attributes = entry.attributes
        name = attributes["DW_AT_name"].value.decode() if "DW_AT_name" in attributes else typedef
        size = attributes["DW_AT_byte_size"].value if "DW_AT_byte_size" in attributes else None
        if "DW_AT_signature" in attributes:
            signature = attributes["DW_AT_signature"].value
            return self.type(self.dwarf.get_DIE_by_sig8(signature), name, is_pointee=is_pointee)
        match entry.tag:
            case "DW_TAG_base_type":
                kind = KINDS[attributes["DW_AT_encoding"].value]
                return f"char{size}" if name == "char" else f"{kind}{size}"
            case "DW_TAG_pointer_type":
                return f"*{self.of(entry, is_pointee=True)}"
            case "DW_TAG_reference_type" | "DW_TAG_rvalue_reference_type":
                return f"&{self.of(entry, is_pointee=True)}"
            case "DW_TAG_unspecified_type":
                return "*void"
            case "DW_TAG_ptr_to_member_type":
                return "opaque a pointer to a member of a class"
            case "DW_TAG_subroutine_type":
                return self.function(entry)
            case "DW_TAG_array_type":
                return self._array(entry)
            case "DW_TAG_enumeration_type":
                return f"enum {name}:{size}{{{', '.join(self._enumerators(entry))}}}"
            case "DW_TAG_structure_type" | "DW_TAG_class_type" | "DW_TAG_union_type":
                if "DW_AT_declaration" in attributes:
                    return f"opaque {name}"
                if is_pointee:
                    return name
                kind = "union" if entry.tag == "DW_TAG_union_type" else "struct"
                return f"{kind} {name}:{size}{{{'; '.join(self._members(entry))}}}"
        return f"? {entry.tag}"

    def _array(self, entry: DIE) -> str:
        text, size = self.of(entry), None
        inner = text.rpartition(":")[2] if text.endswith(tuple("0123456789")) else ""
        digits = "".join(filter(str.isdigit, inner or text))
        size = int(digits) if digits else None
        if text.startswith("*"):
            size = self.elf.elfclass // 8
        mark = "vector" if "DW_AT_GNU_vector" in entry.attributes else ""
        for child in reversed(list(entry.iter_children())):
            bound = child.attributes.get("DW_AT_upper_bound")
            stated = child.attributes.get("DW_AT_count")
            count = stated.value if stated else bound.value + 1 if bound else None
            size = None if size is None or count is None else size * count
            text = f"[{text}; {count}]:{size}"
        return mark + text

    def _enumerators(self, entry: DIE) -> Iterator[str]:
        for child in entry.iter_children():
            name = child.attributes["DW_AT_name"].value.decode()
            yield f"{name}={child.attributes['DW_AT_const_value'].value}"

    def _members(self, entry: DIE) -> Iterator[str]:
        for child in entry.iter_children():
            if child.tag not in {"DW_TAG_member", "DW_TAG_inheritance"}:
                continue
            attributes = child.attributes
            name = attributes["DW_AT_name"].value.decode() if "DW_AT_name" in attributes else "_"
            at = attributes.get("DW_AT_data_member_location")
            offset = at.value if at else 0
            if isinstance(offset, list):
                offset = sum((byte & 0x7F) << 7 * index for index, byte in enumerate(offset[1:]))
            if "DW_AT_bit_size" in attributes:
                width = attributes["DW_AT_bit_size"].value
                yield f"{name}@{self._bits(child, offset, width)}:{width} {self.of(child)}"
            else:
                yield f"{name}@{offset} {self.of(child)}"

    def _bits(self, member: DIE, offset: int, width: int) -> int:
        attributes = member.attributes
        if "DW_AT_data_bit_offset" in attributes:
            return int(attributes["DW_AT_data_bit_offset"].value)
        if "DW_AT_bit_offset" not in attributes:
            return 8 * offset
        old = attributes["DW_AT_bit_offset"].value
        old -= 1 << 64 if old >= 1 << 63 else 0
        storage = attributes["DW_AT_byte_size"].value
        if not self.elf.little_endian:
            return 8 * offset + int(old)
        return 8 * offset + 8 * int(storage) - int(old) - width
