// Told: what was told to whom about those who were put off, and which links were used; the memory that makes every notice go out once. Pure; its
// text is a file of `deliver`, readable by people. Bounded; what is old is forgotten.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "services/policy/ledger.h"

namespace hikyaku::refusals {

enum class Decision : std::uint8_t { Allow, Deny };
[[nodiscard]] std::string_view decision_name(Decision decision);
[[nodiscard]] std::optional<Decision> parse_decision(std::string_view name);

class Told {
 public:
  static constexpr std::size_t most = 200'000;        // of each kind; beyond it the oldest goes
  static constexpr std::chrono::hours kept_for{144};  // longer than the ledger looks back
  struct Used {
    WallTime expires{};
    Decision decision = Decision::Allow;
    friend bool operator==(const Used&, const Used&) = default;
  };

  WallTime begun{};        // before then nobody was watching: whom that concerned is told nothing
  WallTime last_digest{};  // zero: none yet

  [[nodiscard]] bool noticed(const policy::LedgerKey& key) const { return noticed_.contains(name_of(key)); }
  [[nodiscard]] bool recipient_told(const policy::LedgerKey& key) const { return recipients_.contains(name_of(key)); }
  void notice(const policy::LedgerKey& key, WallTime now) { enter(noticed_, name_of(key), now); }
  void tell_recipient(const policy::LedgerKey& key, WallTime now) { enter(recipients_, name_of(key), now); }
  // A link, by its mark. Null: it was not used.
  [[nodiscard]] const Used* used(const std::string& mark) const;
  void use(const std::string& mark, Used how);
  void forget(WallTime now);

  [[nodiscard]] std::string text() const;
  // What can be understood of a text; anything else is passed over. Linear.
  [[nodiscard]] static Told parse(std::string_view text);
  friend bool operator==(const Told&, const Told&) = default;

 private:
  using Times = std::map<std::uint64_t, WallTime>;
  [[nodiscard]] static std::uint64_t name_of(const policy::LedgerKey& key);
  static void enter(Times& times, std::uint64_t name, WallTime now);
  Times noticed_, recipients_;
  std::map<std::string, Used> used_;
};

}  // namespace hikyaku::refusals
