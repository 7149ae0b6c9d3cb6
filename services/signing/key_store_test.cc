#include "services/signing/key_store.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "io/posix_disk.h"
#include "io/test_folder.h"
#include "services/signing/make_key.h"
#include "services/signing/sign_protocol.h"

namespace hikyaku::signing {
namespace {

using dkim::Algorithm;

TEST_CASE("a key is kept under the name of its public half, for its owner alone") {
  const io::TestFolder folder;
  io::PosixDisk disk;
  const auto path = folder / "keys";
  KeyStore store(disk, path);
  CHECK_FALSE(has_keys(path));
  CHECK(store.names().empty());
  for (const auto algorithm : {Algorithm::RsaSha256, Algorithm::Ed25519Sha256}) {
    const auto key = dkim::PrivateKey::generate(algorithm);
    const auto name = store.add(key, "DKIM: s._domainkey.a.example");
    REQUIRE(name);
    CHECK(is_key_name(*name));
    CHECK(*name == key_name_of(key.public_octets()));
    CHECK(store.add(key, "again") == *name);
    struct stat file{};
    REQUIRE(stat((path + "/" + *name).c_str(), &file) == 0);
    CHECK((file.st_mode & 0777) == 0600);
    const auto read = store.read(*name);
    REQUIRE(read);
    CHECK(read->public_octets() == key.public_octets());
  }
  CHECK(has_keys(path));
  REQUIRE(store.names().size() == 2);
  for (const auto& name : store.names()) REQUIRE(store.remove(name));
  CHECK_FALSE(has_keys(path));
  CHECK(store.remove(std::string(32, '0')));
}

TEST_CASE("a file that does not hold the key of its name is no key") {
  const io::TestFolder folder;
  io::PosixDisk disk;
  KeyStore store(disk, folder.path());
  const auto name = store.add(dkim::PrivateKey::generate(Algorithm::Ed25519Sha256), "one");
  REQUIRE(name);
  const auto other = dkim::PrivateKey::generate(Algorithm::Ed25519Sha256).pem();
  for (const std::string& text : {other, std::string(), std::string("nothing"), std::string(100'000, 'x')}) {
    std::ofstream(folder / *name) << text;
    const auto read = store.read(*name);
    REQUIRE_FALSE(read);
    CHECK(read.error().kind == io::DiskFailure::Broken);
  }
  for (const auto* wrong : {"", "../key", "0123", "00000000000000000000000000000000"}) {
    const auto read = store.read(wrong);
    REQUIRE_FALSE(read);
    CHECK(read.error().kind == io::DiskFailure::NotFound);
  }
}

TEST_CASE("keys of other sizes") {
  const auto key = make_key(Algorithm::RsaSha256, 1024);
  REQUIRE(key);
  CHECK(key->bits() == 1024);
  for (const int bits : {0, 512, 1023, 4097, 65'535}) CHECK_FALSE(make_key(Algorithm::RsaSha256, bits));
}

}  // namespace
}  // namespace hikyaku::signing
