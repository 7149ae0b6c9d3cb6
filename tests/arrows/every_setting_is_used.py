"""Every setting that is declared is read by some service or command; one that nobody reads would be a false promise."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def main():
    declared = []
    for header in ("server_sections.h", "mail_sections.h", "scan_sections.h", "policy_sections.h", "watch_sections.h"):
        section = None
        for line in (ROOT / "services/settings" / header).read_text().splitlines():
            opened = re.search(r'Section\("(\w+)"', line) or re.search(r': Section\("(\w+)"', line)
            section = opened[1] if opened else section
            setting = re.search(r'Setting<\w+> (\w+)\{\*this, "(\w+)"', line)
            if setting:
                declared.append((section, setting[1], setting[2]))
    code = "\n".join(file.read_text() for layer in ("apps", "services") for file in (ROOT / layer).rglob("*.cc")
                     if "services/settings" not in str(file) and not file.name.endswith("_test.cc"))
    complaints = [f"[{section}] {name}: the member is called {member}" for section, member, name in declared if member != name]
    for section, member, name in declared:
        if section == "listen":
            continue  # read by name: apps/supervisor/service_table.cc
        if not re.search(rf"\b{member}\(\)", code):
            complaints.append(f"[{section}] {name} is declared and nobody reads it")
    print("\n".join(complaints) or f"all {len(declared)} settings are used")
    return 1 if complaints or len(declared) < 40 else 0


if __name__ == "__main__":
    sys.exit(main())
