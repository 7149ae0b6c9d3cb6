#include "apps/service/protection.h"

#include <doctest/doctest.h>

namespace hikyaku::apps {
namespace {

TEST_CASE("what is missing has a name and words, and nothing else has") {
  using Seccomp = io::Confined::Seccomp;
  struct {
    io::Confined confined;
    std::string_view name;
  } rows[] = {{{1, Seccomp::InForce}, "full"}, {{0, Seccomp::InForce}, "no landlock"}, {{6, Seccomp::Missing}, "no seccomp"}, {{0, Seccomp::Missing}, "none"}};
  for (const auto& row : rows) CHECK(protection_name(protection_of(row.confined)) == row.name);
  for (const auto protection : {Protection::Full, Protection::NoLandlock, Protection::NoSeccomp, Protection::None, Protection::SwitchedOff}) {
    CHECK(protection_named(protection_name(protection)) == protection);
    CHECK(protection_words(protection).english.empty() == (protection == Protection::Full));
    CHECK(protection_words(protection).japanese.empty() == (protection == Protection::Full));
  }
  for (const auto* unknown : {"", "Full", "landlock"}) CHECK(!protection_named(unknown));
}

}  // namespace
}  // namespace hikyaku::apps
