// What the tests of this folder share.
#pragma once

#include <doctest/doctest.h>

#include "services/directory/address_text.h"
#include "services/directory/editor.h"
#include "storage/memory_engine.h"

namespace hikyaku::directory {

inline Address at(std::string_view text) {
  const auto parsed = parse_address(text);
  REQUIRE_MESSAGE(parsed, text);
  return *parsed;
}

template <class T>
std::string why(const DirectoryResult<T>& result) {
  return result ? "" : result.error().what;
}

template <class T>
bool fails(const DirectoryResult<T>& result, DirectoryFailure kind) {
  // Every sentence ends with what to do: after a ';' or as a whole clause.
  return !result && result.error().kind == kind && result.error().what.size() > 20;
}

struct DirectoryRig {
  storage::MemoryEngine engine, secrets_engine;
  Editor editor{engine, secrets_engine, nullptr};

  AccountId add(std::string_view address, Enabled admin = Enabled::No) {
    Account account;
    account.address = at(address);
    account.admin = admin;
    const auto added = editor.add_account(account, std::nullopt);
    REQUIRE_MESSAGE(added, why(added));
    return *added;
  }
  void domain(std::string_view name, DomainKind kind = DomainKind::Local) { REQUIRE(editor.add_domain(name, kind)); }
  void alias(std::string_view pattern, std::vector<std::string> targets) {
    const auto added = editor.add_alias(pattern, targets);
    REQUIRE_MESSAGE(added, why(added));
  }
  std::shared_ptr<const Snapshot> snapshot() { return *editor.read(); }
  RecipientKind kind(std::string_view address) { return snapshot()->resolve(at(address)).kind; }
};

}  // namespace hikyaku::directory
