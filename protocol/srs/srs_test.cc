#include "protocol/srs/srs.h"

#include <doctest/doctest.h>

#include "base/cursor.h"

using namespace hikyaku;

namespace {

const srs::Secrets ours{"our secret of 32 octets ........"}, theirs{"somebody else's secret ........."};
const WallTime today{std::chrono::seconds{1'800'000'000}};

std::string rewritten(const Address& sender, const srs::Secrets& secrets = ours, std::string_view domain = "us.example") {
  const auto made = srs::rewrite(sender, domain, secrets, today);
  return made ? made->text() : "none";
}

Address split(std::string_view text) {
  const auto at = text.rfind('@');
  return {std::string(text.substr(0, at)), std::string(text.substr(at + 1))};
}

std::string restored(const Address& address, const srs::Secrets& secrets = ours, WallTime now = today) {
  const auto back = srs::restore(address, secrets, now);
  if (back) return back->text();
  switch (back.error()) {
    case srs::Refusal::NotRewritten: return "not rewritten";
    case srs::Refusal::BadForm: return "bad form";
    case srs::Refusal::BadHash: return "bad hash";
    case srs::Refusal::TooOld: return "too old";
  }
  return "";
}

}  // namespace

TEST_CASE("srs: what was rewritten finds back, in any case") {
  for (const auto& sender : {Address{"ann", "far.example"}, Address{"a=b+c-d", "x.far.example"}, Address{"a b", "far.example"}, Address{"あ", "例え.example"},
                             Address{"SRS0", "far.example"}, Address{"srs2=x", "far.example"}, Address{"x", "[192.0.2.1]"}}) {
    const auto made = srs::rewrite(sender, "us.example", ours, today);
    REQUIRE_MESSAGE(made, sender.text());
    CHECK(made->domain == "us.example");
    CHECK(made->local_part.starts_with("SRS0="));
    CHECK(restored(*made) == sender.text());
  }
  const auto made = *srs::rewrite({"Ann", "Far.Example"}, "us.example", ours, today);
  CHECK(restored(made) == "Ann@far.example");
  CHECK(restored({ascii_lower(made.local_part), made.domain}) == "ann@far.example");
}

TEST_CASE("srs: what was forwarded before goes back past those between") {
  const auto first = *srs::rewrite({"ann", "far.example"}, "first.example", theirs, today);
  const auto second = *srs::rewrite(first, "us.example", ours, today);
  CHECK(second.local_part.starts_with("SRS1="));
  CHECK(restored(second) == first.text());
  const auto third = *srs::rewrite(second, "third.example", theirs, today);
  CHECK(third.local_part.starts_with("SRS1="));
  CHECK(restored(third, theirs) == first.text());
  CHECK(restored(first, theirs) == "ann@far.example");
  // libsrs2's separators.
  for (const char separator : {'+', '-'}) {
    const Address other{std::string("SRS0") + separator + "HHHH=TT=far.example=ann", "first.example"};
    CHECK(restored(*srs::rewrite(other, "us.example", ours, today)) == other.text());
  }
}

TEST_CASE("srs: what was not made here, or is old, is refused") {
  const auto made = *srs::rewrite({"ann", "far.example"}, "us.example", ours, today);
  CHECK(restored(made, theirs) == "bad hash");
  CHECK(restored(made, {}) == "bad hash");
  CHECK(restored(made, {theirs[0], ours[0]}) == "ann@far.example");  // an older secret
  auto other = made;
  other.local_part.back() = 'x';
  CHECK(restored(other) == "bad hash");
  const auto second = *srs::rewrite({"SRS0=HHHH=TT=far.example=ann", "first.example"}, "us.example", ours, today);
  CHECK(restored(second, theirs) == "bad hash");
  using std::chrono::days;
  CHECK(restored(made, ours, today + days{21}) == "ann@far.example");
  CHECK(restored(made, ours, today + days{22}) == "too old");
  CHECK(restored(made, ours, today + days{500}) == "too old");
  CHECK(restored(made, ours, today - days{1}) == "ann@far.example");
  CHECK(restored(made, ours, today - days{2}) == "too old");
}

TEST_CASE("srs: bad forms") {
  for (const auto* text : {"SRS0=@us", "SRS0==aa=b=c@us", "SRS0=abcdef@us", "SRS0=abcdef=aa@us", "SRS0=abcdef=aa=far.example@us", "SRS0=abcdef=aa=far.example=@us",
                           "SRS0=abcdef=aa==ann@us", "SRS0=abcdef=aa=f@r=ann@us", "SRS0=abcdef=aa=f r=ann@us", "SRS1=@us", "SRS1=abcdef@us", "SRS1=abcdef=first@us",
                           "SRS1=abcdef=first=@us", "SRS1=abcdef=first=x@us", "SRS1=abcdef=first=xy@us", "SRS1=abcdef=fi rst==ab@us"})
    CHECK_MESSAGE(restored(split(text)) == "bad form", text);
  for (const auto* text : {"SRS0=abcdef=aa=far.example=ann@us", "SRS0=abcde=aa=far.example=ann@us", "SRS0=abcdefg=11=far.example=ann@us",
                           "SRS1=abcdef=first==HHHH=TT=far.example=ann@us"})
    CHECK_MESSAGE(restored(split(text)) == "bad hash", text);
  for (const auto* text : {"ann@us", "SRS0@us", "SRS2=a@us", "SRS0.a@us", "SRS@us", "SR@us", "xSRS0=a@us"}) {
    CHECK_MESSAGE(restored(split(text)) == "not rewritten", text);
    CHECK_FALSE(srs::looks_rewritten(split(text)));
  }
}

TEST_CASE("srs: what does not fit is left alone") {
  CHECK(rewritten({std::string(50, 'l'), "far.example"}) == "none");
  CHECK(rewritten({std::string(38, 'l'), "far.example"}) == "none");
  CHECK(rewritten({std::string(37, 'l'), "far.example"}).size() == 64 + 11);
  CHECK(rewritten({"ann", std::string(60, 'd')}) == "none");
  CHECK(rewritten({"", "far.example"}) == "none");
  CHECK(rewritten({"ann", ""}) == "none");
  CHECK(rewritten({"a\nb", "far.example"}) == "none");
  CHECK(rewritten({"ann", "far=example"}) == "none");
  CHECK(rewritten({"ann", "far.example"}, {}) == "none");
}
