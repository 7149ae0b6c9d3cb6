#include "services/signing/sign_counts.h"

#include <doctest/doctest.h>

namespace hikyaku::signing {
namespace {

TEST_CASE("counts come back from their text, and lines that make no sense are left out") {
  SignCounts counts;
  counts.of(dkim::Algorithm::RsaSha256, SignField::DkimSignature) = {12, 3'456};
  counts.of(dkim::Algorithm::Ed25519Sha256, SignField::ArcSeal) = {1ULL << 62, 1};
  counts.of(SignFailure::Unreadable) = 3;
  const auto text = print_counts(counts);
  CHECK(text.find("made rsa-sha256 DKIM-Signature 12 3456\n") != std::string::npos);
  CHECK(text.find("failed unreadable-key 3\n") != std::string::npos);
  CHECK(parse_counts(text) == counts);
  for (const auto* line : {"", "made", "made rsa-sha256", "made rsa-sha1 DKIM-Signature 1 1", "made rsa-sha256 Subject 1 1", "made rsa-sha256 DKIM-Signature 1", "made rsa-sha256 DKIM-Signature 1 1 1", "made rsa-sha256 DKIM-Signature -1 1",
                           "failed", "failed 1", "failed nothing 1", "failed busy x", "failed busy 99999999999999999999", "other 1"}) {
    CAPTURE(line);
    CHECK(parse_counts(line) == SignCounts{});
    CHECK(parse_counts(text + line) == counts);
  }
}

}  // namespace
}  // namespace hikyaku::signing
