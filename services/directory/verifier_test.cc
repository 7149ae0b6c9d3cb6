#include <crypt.h>

#include "services/directory/login_memory.h"
#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::directory;

namespace {

constexpr PasswordCost cheap{.operations = 1, .memory_octets = 8 << 20};

}  // namespace

TEST_CASE("a password is verified, and nothing like it") {
  const auto made = make_verifier("正しい馬 battery", cheap);
  REQUIRE(made);
  CHECK(made->hash.starts_with("$argon2id$"));
  CHECK(made->scram);
  CHECK(check_password(*made, "正しい馬 battery", cheap) == PasswordCheck::Right);
  for (const std::string_view wrong : {"", "正しい馬 Battery", "正しい馬 battery ", "正しい馬", "x"})
    CHECK(check_password(*made, wrong, cheap) == PasswordCheck::Wrong);
  CHECK(check_password(*made, std::string(2000, 'x'), cheap) == PasswordCheck::Wrong);
  CHECK(check_password(*made, "正しい馬 battery", {.operations = 2, .memory_octets = 8 << 20}) == PasswordCheck::RightButWeak);
  CHECK(*Verifier::decode(made->encode()) == *made);
  for (std::size_t cut = 0; cut < made->encode().size(); ++cut) CHECK(!Verifier::decode(made->encode().substr(0, cut)));
  CHECK(!make_verifier("", cheap));
  CHECK(!make_verifier(std::string(1025, 'x'), cheap));
  CHECK(!make_verifier(std::string_view("a\0b", 3), cheap));
}

TEST_CASE("imported hashes are verified as they are and then replaced") {
  for (const char* setting : {"$1$saltsalt$", "$5$rounds=1000$saltsalt$", "$6$saltsalt$", "$2b$04$abcdefghijklmnopqrstuu", "$y$j75$saltsaltsalt$"}) {
    const char* hash = crypt("pass word", setting);
    REQUIRE(hash);
    const auto imported = import_hash(hash);
    REQUIRE_MESSAGE(imported, hash);
    CHECK(check_password(*imported, "pass word", cheap) == PasswordCheck::RightButWeak);
    CHECK(check_password(*imported, "password", cheap) == PasswordCheck::Wrong);
    CHECK(check_password(*imported, std::string_view("pass word\0x", 11), cheap) == PasswordCheck::Wrong);
  }
  for (const std::string_view bad : {"", "plain", "$", "$6$", "$9$a$b", "$6$rounds=999999999$salt$hash", "$2b$31$abcdefghijklmnopqrstuuxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
                                     "$6$salt$ha sh", "$6$salt$ha:sh", "$argon2id$v=19$m=99999999,t=2,p=1$a$b", "$y$jZZ$salt$hash"})
    CHECK_MESSAGE(!import_hash(bad), bad);
}

TEST_CASE("a password verified a moment ago is known, until then, for that verifier") {
  LoginMemory memory;
  const Verifier one{"hash one", {}}, two{"hash two", {}};
  const Instant now{};
  memory.remember(AccountId{1}, one, "pw", now + 1min);
  CHECK(memory.knows(AccountId{1}, one, "pw", now));
  CHECK(!memory.knows(AccountId{1}, one, "pW", now));
  CHECK(!memory.knows(AccountId{2}, one, "pw", now));
  CHECK(!memory.knows(AccountId{1}, two, "pw", now));
  CHECK(!memory.knows(AccountId{1}, one, "pw", now + 1min));
}

TEST_CASE("secrets: kept, replaced only when unchanged, the server's secret made once") {
  storage::MemoryEngine engine;
  Secrets secrets(engine);
  const auto soon = std::chrono::steady_clock::now() + 5s;
  const Verifier one{"one", {}}, two{"two", {}}, three{"three", {}};
  CHECK(!*secrets.find(AccountId{1}, soon));
  REQUIRE(secrets.set({{AccountId{1}, one}}, soon));
  CHECK(*secrets.replace(AccountId{1}, one, two, soon));
  CHECK(!*secrets.replace(AccountId{1}, one, three, soon));
  CHECK(**secrets.find(AccountId{1}, soon) == two);
  REQUIRE(secrets.remove(AccountId{1}, soon));
  CHECK(!*secrets.find(AccountId{1}, soon));
  const auto secret = secrets.server_secret(soon);
  REQUIRE(secret);
  CHECK(secret->size() == 32);
  CHECK(*secrets.server_secret(soon) == *secret);
}
