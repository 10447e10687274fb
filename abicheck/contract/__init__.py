"""Schema text -> Contract, and a Contract bound to one plugin's name and parameters."""

from abicheck.contract.binding import bind, parse_setting
from abicheck.contract.read import parse_contract, parse_contract_text

__all__ = ["bind", "parse_contract", "parse_contract_text", "parse_setting"]
