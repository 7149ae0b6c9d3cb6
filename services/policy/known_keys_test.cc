#include "services/policy/known_keys.h"

#include <doctest/doctest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace hikyaku::policy {
namespace {

using namespace dkim;

std::string record_of(const PrivateKey& key) { return key_record_text(key.algorithm(), key.public_octets()); }

TEST_CASE("a record that was read is not read again, and another text is another key") {
  const auto rsa = PrivateKey::generate(Algorithm::RsaSha256), other = PrivateKey::generate(Algorithm::Ed25519Sha256);
  KnownKeys keys;
  const auto first = keys.read(record_of(rsa));
  REQUIRE(*first);
  CHECK(keys.read(record_of(rsa)) == first);
  const auto second = keys.read(record_of(other));
  REQUIRE(*second);
  CHECK(second != first);
  CHECK((*second)->record.algorithm == Algorithm::Ed25519Sha256);
  CHECK(keys.read(record_of(rsa) + ";t=y") != first);
  Digest digest{};
  for (int i = 0; i < 3; ++i) {
    digest[0] = static_cast<unsigned char>(i);
    CHECK((*first)->key->verifies(digest, rsa.sign(digest)));
    CHECK((*second)->key->verifies(digest, other.sign(digest)));
    CHECK_FALSE((*first)->key->verifies(digest, other.sign(digest)));
  }
}

TEST_CASE("what a record says that is none, or has no usable key, is known as well") {
  KnownKeys keys;
  CHECK(keys.read("hello")->error() == "key record has a syntax error");
  CHECK(keys.read("hello") == keys.read("hello"));
  const auto revoked = keys.read("v=DKIM1; p=");
  REQUIRE(*revoked);
  CHECK((*revoked)->record.key.empty());
  CHECK((*revoked)->key.error() == "key is no RSA key");
  // Nobody fills the memory with records of 64 KB.
  const auto before = keys.size();
  CHECK(keys.read(std::string(most_record_octets + 1, 'x'))->error() == "key record is too long");
  CHECK(keys.size() == before);
}

TEST_CASE("the memory is bounded, and who is asked for stays") {
  KnownKeys keys(100);
  const auto kept = keys.read("v=DKIM1; p=AAAA");
  for (int i = 0; i < 5'000; ++i) {
    (void)keys.read("v=DKIM1; p=; n=" + std::to_string(i));
    REQUIRE(keys.size() <= 100);
    if (i % 40 == 0) REQUIRE(keys.read("v=DKIM1; p=AAAA") == kept);
  }
  CHECK(keys.size() >= 50);
  for (int i = 0; i < 200; ++i) (void)keys.read("v=DKIM1; p=; m=" + std::to_string(i));
  CHECK(keys.read("v=DKIM1; p=AAAA") != kept);
}

TEST_CASE("several threads check with one key") {
  const auto rsa = PrivateKey::generate(Algorithm::RsaSha256);
  const auto record = record_of(rsa);
  Digest digest{};
  const auto signature = rsa.sign(digest);
  KnownKeys keys;
  std::atomic<int> good{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) good += (*keys.read(record))->key->verifies(digest, signature) ? 1 : 0;
    });
  for (auto& thread : threads) thread.join();
  CHECK(good == 800);
}

}  // namespace
}  // namespace hikyaku::policy
