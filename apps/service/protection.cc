#include "apps/service/protection.h"

#include <array>

namespace hikyaku::apps {

namespace {

struct Entry {
  Protection protection;
  std::string_view name;
  ProtectionWords words;
};

constexpr std::array<Entry, 5> entries = {{
    {Protection::Full, "full", {}},
    {Protection::NoLandlock, "no landlock",
     {"runs without confinement to its folders: the kernel has no landlock. Remedy: a kernel with it, and \"landlock\" in its lsm= parameter",
      "フォルダの制限なしで動作中: カーネルに landlock がない。対処: landlock のあるカーネルを使い、lsm= パラメータに landlock を加える"}},
    {Protection::NoSeccomp, "no seccomp",
     {"runs without confinement of its system calls: the kernel has no seccomp filters. Remedy: a kernel with CONFIG_SECCOMP_FILTER",
      "システムコールの制限なしで動作中: カーネルに seccomp フィルタがない。対処: CONFIG_SECCOMP_FILTER のあるカーネルを使う"}},
    {Protection::None, "none",
     {"runs without confinement: the kernel has neither landlock nor seccomp filters. Remedy: a kernel with both",
      "制限なしで動作中: カーネルに landlock も seccomp フィルタもない。対処: 両方のあるカーネルを使う"}},
    {Protection::SwitchedOff, "switched off",
     {"runs without confinement: [serve] confine is false. Remedy: set it to true and start the service again",
      "制限なしで動作中: [serve] confine が false。対処: true に戻してサービスを再起動する"}},
}};

}  // namespace

std::string_view protection_name(Protection protection) { return entries[static_cast<std::size_t>(protection)].name; }

std::optional<Protection> protection_named(std::string_view name) {
  for (const auto& entry : entries)
    if (entry.name == name) return entry.protection;
  return std::nullopt;
}

ProtectionWords protection_words(Protection protection) { return entries[static_cast<std::size_t>(protection)].words; }

}  // namespace hikyaku::apps
