#include "services/directory/srs_secrets.h"

#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::directory;

TEST_CASE("the secret of rewritten senders is made once, and all who ask agree") {
  storage::MemoryEngine engine;
  SrsSecrets first(engine), second(engine);
  CHECK(first.current()->empty());
  const auto soon = std::chrono::steady_clock::now() + 5s;
  REQUIRE(first.read(soon));
  CHECK(first.current()->empty());  // who only looks makes none
  REQUIRE(first.prepare(soon));
  REQUIRE(second.read(soon));
  REQUIRE(first.current()->size() == 1);
  CHECK(first.current()->front().size() >= srs::least_secret_octets);
  CHECK(*first.current() == *second.current());
  REQUIRE(first.prepare(soon));
  CHECK(*first.current() == *second.current());
}

TEST_CASE("a name goes before a rewritten sender") {
  DirectoryRig rig;
  rig.domain("a.example");
  rig.add("srs0=x@a.example");
  rig.alias("srs0-y@a.example", {"srs0=x@a.example"});
  const srs::Secrets secrets{"a secret of more than 16 octets"};
  const auto directory = rig.snapshot();
  const WallTime now{std::chrono::seconds{1'800'000'000}};
  const auto rewritten = *srs::rewrite({"x", "far.example"}, "a.example", secrets, now);
  CHECK(!rewritten_sender(*directory, at("SRS0=x@a.example"), secrets, now));
  CHECK(!rewritten_sender(*directory, at("SRS0-y@a.example"), secrets, now));
  CHECK(!rewritten_sender(*directory, at("ann@a.example"), secrets, now));
  CHECK(!rewritten_sender(*directory, {rewritten.local_part, "other.example"}, secrets, now));
  CHECK(!rewritten_sender(*directory, rewritten, {}, now));
  CHECK((*rewritten_sender(*directory, rewritten, secrets, now))->text() == "x@far.example");
  CHECK(!rewritten_sender(*directory, at("SRS0=z@a.example"), secrets, now)->has_value());
}
