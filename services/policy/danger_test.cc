#include <doctest/doctest.h>

#include "services/policy/danger.h"

using namespace hikyaku;
using namespace hikyaku::policy;
using directory::AccessAction;
using directory::AccessWho;

namespace {

directory::Contents here() {
  directory::Contents contents;
  contents.domains.push_back({.name = "a.example"});
  contents.domains.push_back({.name = "inner.example", .kind = directory::DomainKind::Relay});
  return contents;
}

std::size_t dangers(AccessWho who, std::string_view pattern, AccessAction action) {
  auto contents = here();
  const auto normal = directory::normal_access_pattern(who, pattern);
  REQUIRE_MESSAGE(normal, pattern);
  contents.access.push_back({.who = who, .pattern = *normal, .action = action});
  return find_dangers({.directory = contents}).size();
}

}  // namespace

TEST_CASE("rows that open or shut too much are told of") {
  for (const auto* wide : {"0.0.0.0/0", "44.0.0.0/8", "44.0.0.0/7", "::/0", "2000::/3", ".jp", "com", "/./", "/.*/", "/e|x|-/"}) CHECK_MESSAGE(dangers(AccessWho::Client, wide, AccessAction::Allow) == 1, wide);
  for (const auto* wide : {"0.0.0.0/0", "44.0.0.0/8", ".jp", "/.*/", "192.168.0.0/16", "127.0.0.1"}) CHECK_MESSAGE(dangers(AccessWho::Client, wide, AccessAction::Refuse) == 1, wide);
  for (const auto* claim : {"a.example", "taro@a.example", ".a.example", ".jp", "<>"}) CHECK_MESSAGE(dangers(AccessWho::Sender, claim, AccessAction::Allow) == 1, claim);
  for (const auto* shut : {"<>", ".jp"}) CHECK_MESSAGE(dangers(AccessWho::Sender, shut, AccessAction::Refuse) == 1, shut);
  CHECK(dangers(AccessWho::Recipient, "a.example", AccessAction::Allow) == 1);
}

TEST_CASE("ordinary rows are not") {
  for (const auto* fine : {"192.0.2.7", "192.0.2.0/24", "44.128.0.0/9", "2001:db8::/32", "mail.partner.example", ".partner.example", "/^mail[0-9]+[.]partner[.]example$/", "192.168.1.0/24"})
    CHECK_MESSAGE(dangers(AccessWho::Client, fine, AccessAction::Allow) == 0, fine);
  for (const auto* fine : {"192.0.2.7", ".spam.example", "/^ppp[0-9]+[.]/"}) CHECK_MESSAGE(dangers(AccessWho::Client, fine, AccessAction::Refuse) == 0, fine);
  for (const auto* fine : {"b@partner.example", "partner.example", "x@inner.example"}) CHECK_MESSAGE(dangers(AccessWho::Sender, fine, AccessAction::Allow) == 0, fine);
  for (const auto* fine : {"a.example", "spam@b.example"}) CHECK_MESSAGE(dangers(AccessWho::Sender, fine, AccessAction::Refuse) == 0, fine);
  CHECK(dangers(AccessWho::Recipient, "abuse@a.example", AccessAction::Allow) == 0);
}

TEST_CASE("networks of the settings and the directory, and rules of accounts") {
  auto contents = here();
  contents.networks.push_back({.prefix = "44.0.0.0/8", .relay = directory::Enabled::Yes});
  contents.networks.push_back({.prefix = "44.0.0.0/8"});
  contents.networks.push_back({.prefix = "10.0.0.0/8", .relay = directory::Enabled::Yes});
  CHECK(find_dangers({.directory = contents}).size() == 1);
  CHECK(find_dangers({.directory = contents, .relay_networks = {"0.0.0.0/0", "192.0.2.0/24", "::/0", "127.0.0.0/8", "2001:db8::/16"}, .exempt_networks = {"0.0.0.0/1", "127.0.0.0/8"}, .plaintext_networks = {"0.0.0.0/0"}}).size() == 6);

  contents = here();
  directory::AccountRules rules;
  rules.from = {{"*", directory::MayPass::No}};
  contents.account_rules.push_back(rules);
  CHECK(find_dangers({.directory = contents}).size() == 1);
  contents.account_rules[0].from = {{"a.example", directory::MayPass::Yes}, {"*", directory::MayPass::No}};
  CHECK(find_dangers({.directory = contents}).size() == 1);
  contents.account_rules[0].from = {{"partner.example", directory::MayPass::Yes}, {"*", directory::MayPass::No}};
  contents.account_rules[0].to = {{"*", directory::MayPass::No}};
  CHECK(find_dangers({.directory = contents}).size() == 1);
  contents.account_rules[0].to = {{"partner.example", directory::MayPass::Yes}, {"*", directory::MayPass::No}};
  CHECK(find_dangers({.directory = contents}).empty());
}
