#include "protocol/clamd/pattern_head.h"

#include <doctest/doctest.h>

#include <string>

using hikyaku::clamd::parse_pattern_head;

namespace {
std::string filled(std::string text) { return text += std::string(512 - text.size(), ' '); }
}  // namespace

TEST_CASE("the head of a pattern file") {
  const auto head = parse_pattern_head(filled("ClamAV-VDB:22 Nov 2026 04-39 -0500:27832:2077000:90:0123456789abcdef0123456789abcdef:abcDEF/+:builder:1795340364") + "gzip");
  REQUIRE(head);
  CHECK(head->version == 27832);
  CHECK(head->patterns == 2077000);
  CHECK(head->built == 1795340364);
  const std::string good = "ClamAV-VDB:d:1:2:90:m:s:b:3";
  CHECK(parse_pattern_head(filled(good)));
  for (const char* bad : {"", "ClamAV-VDB:", "ClamAV-VDB:d:1:2:90:m:s:b:", "ClamAV-VDB:d:x:2:90:m:s:b:3", "ClamAV-VDB:d:1:2:90:m:s:3", "ClamAV-VDB:d:1:2:90:m:s:b:3:4", "ClamAV-VDB:d:1:2:90:m:s:b:99999999999999999999", "clamav-vdb:d:1:2:90:m:s:b:3"})
    CHECK_MESSAGE(!parse_pattern_head(filled(bad)), bad);
  CHECK_FALSE(parse_pattern_head(good));  // cut off
}
