#include "services/directory/dkim_key.h"

#include "services/directory/rows.h"
#include "services/directory/test_directory.h"

namespace hikyaku::directory {
namespace {

DkimKey key(std::string selector, dkim::Algorithm algorithm = dkim::Algorithm::RsaSha256, std::string domain = "a.example") {
  return {.domain = std::move(domain), .selector = std::move(selector), .algorithm = algorithm, .name = "0123", .public_octets = "public", .created = WallTime{1s}};
}
DkimStage stage(DirectoryRig& rig, std::string_view selector) {
  for (const auto& one : rig.snapshot()->dkim_keys("a.example"))
    if (one.selector == selector) return one.stage;
  FAIL("no such key");
  return {};
}

TEST_CASE("a key comes back from its row as it was") {
  auto one = key("s1", dkim::Algorithm::Ed25519Sha256);
  one.stage = DkimStage::Retired, one.takes_over = TakesOver::WhenOrdered;
  one.published = WallTime{2s}, one.activated = WallTime{3s}, one.retired = WallTime{4s};
  one.public_octets = std::string("\0\r\n\xff", 4);
  Contents contents;
  REQUIRE(rows::take_row({rows::dkim_key(one.domain, one.selector), rows::encode(one)}, contents));
  CHECK(contents.dkim_keys == std::vector{one});
}

TEST_CASE("rows that are no keys are left out") {
  const auto good = rows::encode(key("s1"));
  auto wrong_stage = good, wrong_algorithm = good;
  wrong_algorithm[1] = 2, wrong_stage[2] = 3;
  Contents contents;
  for (const auto& value : {std::string(), std::string("\1"), good.substr(0, good.size() - 1), good + "x", wrong_stage, wrong_algorithm})
    CHECK_FALSE(rows::take_row({rows::dkim_key("a.example", "s1"), value}, contents));
  CHECK_FALSE(rows::take_row({"ka.example", good}, contents));
  CHECK(contents.dkim_keys.empty());
}

TEST_CASE("what cannot be a key is refused") {
  DirectoryRig rig;
  rig.domain("a.example");
  CHECK(fails(rig.editor.add_dkim_key(key("s1", {}, "b.example")), DirectoryFailure::NotFound));
  CHECK(fails(rig.editor.add_dkim_key(key("s1", {}, "[192.0.2.1]")), DirectoryFailure::BadValue));
  for (const auto* selector : {"", ".", "a..b", "-a", "a b", "a/../b", "_x", "a;b"}) CHECK_MESSAGE(fails(rig.editor.add_dkim_key(key(selector)), DirectoryFailure::BadValue), selector);
  CHECK(fails(rig.editor.add_dkim_key(key(std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(63, 'd'))), DirectoryFailure::BadValue));
  REQUIRE(rig.editor.add_dkim_key(key("S1")));
  CHECK(fails(rig.editor.add_dkim_key(key("s1")), DirectoryFailure::AlreadyExists));
  for (std::size_t n = 1; n < most_keys_of_a_domain; ++n) REQUIRE(rig.editor.add_dkim_key(key("k" + std::to_string(n))));
  CHECK(fails(rig.editor.add_dkim_key(key("one-more")), DirectoryFailure::BadValue));
}

TEST_CASE("a key that becomes active retires the one of its algorithm, and no other") {
  DirectoryRig rig;
  rig.domain("a.example"), rig.domain("a.example.b");
  for (const auto* one : {"old", "new"}) REQUIRE(rig.editor.add_dkim_key(key(one)));
  REQUIRE(rig.editor.add_dkim_key(key("ed", dkim::Algorithm::Ed25519Sha256)));
  REQUIRE(rig.editor.add_dkim_key(key("old", {}, "a.example.b")));
  REQUIRE(rig.editor.activate_dkim_key("a.example.b", "old", WallTime{5s}));
  REQUIRE(rig.editor.activate_dkim_key("a.example", "old", WallTime{5s}));
  REQUIRE(rig.editor.activate_dkim_key("a.example", "ed", WallTime{5s}));
  REQUIRE(rig.editor.activate_dkim_key("A.example", "NEW", WallTime{9s}));
  CHECK(stage(rig, "old") == DkimStage::Retired);
  CHECK(stage(rig, "new") == DkimStage::Active);
  CHECK(stage(rig, "ed") == DkimStage::Active);
  CHECK(rig.snapshot()->dkim_keys("a.example.b").front().stage == DkimStage::Active);
  CHECK(rig.snapshot()->dkim_keys("a.example").size() == 3);
  CHECK(rig.snapshot()->dkim_keys("example").empty());
  // Back again: what was retired may sign once more.
  const auto back = rig.editor.activate_dkim_key("a.example", "old", WallTime{11s});
  REQUIRE(back);
  CHECK(back->retired == WallTime{});
  CHECK(stage(rig, "new") == DkimStage::Retired);
}

TEST_CASE("an active key is not removed, nor is a domain with keys") {
  DirectoryRig rig;
  rig.domain("a.example");
  REQUIRE(rig.editor.add_dkim_key(key("s1")));
  REQUIRE(rig.editor.activate_dkim_key("a.example", "s1", WallTime{5s}));
  CHECK(fails(rig.editor.remove_dkim_key("a.example", "s1"), DirectoryFailure::InUse));
  CHECK(fails(rig.editor.remove_dkim_key("a.example", "s2"), DirectoryFailure::NotFound));
  CHECK(fails(rig.editor.activate_dkim_key("b.example", "s1", WallTime{5s}), DirectoryFailure::NotFound));
  CHECK(fails(rig.editor.remove_domain("a.example"), DirectoryFailure::InUse));
  REQUIRE(rig.editor.retire_dkim_key("a.example", "s1", WallTime{6s}));
  REQUIRE(rig.editor.remove_dkim_key("a.example", "s1"));
  CHECK(rig.editor.remove_domain("a.example"));
}

TEST_CASE("a prepared key is due when its record has been there long enough without a break") {
  DirectoryRig rig;
  rig.domain("a.example");
  REQUIRE(rig.editor.add_dkim_key(key("s1")));
  const auto now = [&] { return rig.snapshot()->dkim_keys("a.example").front(); };
  CHECK_FALSE(is_due(now(), WallTime{100s}, 0s));
  REQUIRE(rig.editor.dkim_key_seen("a.example", "s1", WallTime{100s}));
  REQUIRE(rig.editor.dkim_key_seen("a.example", "s1", WallTime{150s}));  // known already
  CHECK_FALSE(is_due(now(), WallTime{159s}, 60s));
  CHECK(is_due(now(), WallTime{160s}, 60s));
  REQUIRE(rig.editor.dkim_key_seen("a.example", "s1", std::nullopt));
  CHECK_FALSE(is_due(now(), WallTime{1000s}, 60s));
  auto ordered = now();
  ordered.published = WallTime{100s};
  CHECK(is_due(ordered, WallTime{1000s}, 60s));
  ordered.takes_over = TakesOver::WhenOrdered;
  CHECK_FALSE(is_due(ordered, WallTime{1000s}, 60s));
  CHECK_FALSE(record_needed_until(ordered, 24h));
  ordered.stage = DkimStage::Retired, ordered.retired = WallTime{50s};
  CHECK(record_needed_until(ordered, 10s) == WallTime{60s});
}

}  // namespace
}  // namespace hikyaku::directory
