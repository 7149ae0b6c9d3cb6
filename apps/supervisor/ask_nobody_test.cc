#include "apps/supervisor/ask_nobody.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "io/descriptor.h"

namespace hikyaku::apps {
namespace {

TEST_CASE("nobody sees what memory holds and has no descriptor of ours") {
  const io::Descriptor low(open("/dev/null", O_RDONLY));
  const io::Descriptor ours(fcntl(low.get(), F_DUPFD, 50));  // the child's pipe has the first number
  REQUIRE(ours);
  const std::string told = "told";
  CHECK(ask_nobody([&] { return told + (fcntl(ours.get(), F_GETFD) >= 0 ? " open" : " shut"); }, 100) == "told shut");
}

TEST_CASE("nobody is not root") {
  if (geteuid() != 0) {
    MESSAGE("skipped: only root becomes somebody else");
    return;
  }
  const auto said = ask_nobody([] {
    uid_t user[3];
    gid_t group[3];
    if (getresuid(&user[0], &user[1], &user[2]) != 0 || getresgid(&group[0], &group[1], &group[2]) != 0) return std::string("?");
    std::string all;
    for (const auto one : user) all += std::to_string(one) + " ";
    for (const auto one : group) all += std::to_string(one) + " ";
    return all + std::to_string(getgroups(0, nullptr));
  }, 100);
  CHECK(said == "65534 65534 65534 65534 65534 65534 0");
}

TEST_CASE("one that crashes or says too much has said nothing") {
  CHECK(!ask_nobody([] { return std::string(101, 'x'); }, 100));
  CHECK(!ask_nobody([]() -> std::string { return raise(SIGKILL), "never"; }, 100));
  CHECK(ask_nobody([] { return std::string(); }, 100) == "");
}

}  // namespace
}  // namespace hikyaku::apps
