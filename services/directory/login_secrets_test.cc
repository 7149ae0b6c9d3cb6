#include "services/directory/login_secrets.h"

#include "services/directory/test_directory.h"

using namespace hikyaku;
using namespace hikyaku::directory;

TEST_CASE("secrets of logins at other servers are kept as they are and followed") {
  storage::MemoryEngine engine;
  LoginSecrets writer(engine), reader(engine);
  const Deadline soon = Instant::max();
  REQUIRE(reader.refresh(soon));
  CHECK(!reader.find("relay@isp.example"));
  REQUIRE(writer.set("relay@isp.example", "s3cret, with = and spaces", soon));
  CHECK(!reader.find("relay@isp.example"));
  REQUIRE(reader.refresh(soon));
  CHECK(reader.find("relay@isp.example") == "s3cret, with = and spaces");
  REQUIRE(writer.set("relay@isp.example", std::string(8'192, 't'), soon));
  REQUIRE(reader.refresh(soon));
  CHECK(reader.find("relay@isp.example")->size() == 8'192);
  CHECK(*writer.users(soon) == std::vector<std::string>{"relay@isp.example"});
  REQUIRE(writer.remove("relay@isp.example", soon));
  REQUIRE(reader.refresh(soon));
  CHECK(!reader.find("relay@isp.example"));
  CHECK(fails(writer.remove("relay@isp.example", soon), DirectoryFailure::NotFound));
  for (const auto& [user, secret] : std::initializer_list<std::pair<std::string, std::string>>{
           {"", "x"}, {"u", ""}, {"u\n", "x"}, {"u", "x\n"}, {"u", std::string(8'193, 'x')}, {std::string(256, 'u'), "x"}})
    CHECK(fails(writer.set(user, secret, soon), DirectoryFailure::BadValue));
}
