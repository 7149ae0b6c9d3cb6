#include "services/directory/quota_page.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "io/test_folder.h"

using namespace hikyaku;
using namespace hikyaku::directory;

namespace {

struct PageRig {
  io::TestFolder folder;
  std::string path = folder / "quota-used", why;
  std::unique_ptr<QuotaPage> page = QuotaPage::open(path, why);
  QuotaReader reader{path};
  Instant now = SystemClock{}.now();
  PageRig() { REQUIRE_MESSAGE(page, why); }
};

}  // namespace

TEST_CASE("quota page: what was told is read, account by account") {
  PageRig rig;
  REQUIRE(rig.page->publish(AccountId{7}, {1'000, 3}));
  REQUIRE(rig.page->publish(AccountId{QuotaPage::highest_account}, {5, 1}));
  rig.page->beat(rig.now);
  CHECK(rig.reader.read(AccountId{7}, rig.now) == QuotaUsed{1'000, 3});
  CHECK(rig.reader.read(AccountId{QuotaPage::highest_account}, rig.now) == QuotaUsed{5, 1});
  CHECK(!rig.reader.read(AccountId{6}, rig.now));
  CHECK(!rig.reader.read(AccountId{8}, rig.now));
  CHECK(!rig.reader.read(AccountId{}, rig.now));  // the heartbeat's own row is nobody's
  REQUIRE(rig.page->publish(AccountId{7}, {900, 2}));
  CHECK(rig.reader.read(AccountId{7}, rig.now) == QuotaUsed{900, 2});
  REQUIRE(rig.page->forget(AccountId{7}));
  CHECK(!rig.reader.read(AccountId{7}, rig.now));
}

TEST_CASE("quota page: nothing is known without a heart that beats") {
  PageRig rig;
  REQUIRE(rig.page->publish(AccountId{7}, {1'000, 3}));
  CHECK(!rig.reader.read(AccountId{7}, rig.now));
  rig.page->beat(rig.now);
  CHECK(rig.reader.read(AccountId{7}, rig.now + QuotaPage::heartbeat_limit));
  CHECK(!rig.reader.read(AccountId{7}, rig.now + QuotaPage::heartbeat_limit + 1s));  // deliver was stopped
  CHECK(!rig.reader.read(AccountId{7}, rig.now - QuotaPage::heartbeat_limit - 1s));  // of an earlier boot
  rig.page = QuotaPage::open(rig.path, rig.why);  // the next deliver begins anew
  rig.page->beat(rig.now);
  CHECK(!rig.reader.read(AccountId{7}, rig.now));
}

TEST_CASE("quota page: what is torn, cut off, moved or not there is not known") {
  PageRig rig;
  REQUIRE(rig.page->publish(AccountId{7}, {1'000, 3}));
  REQUIRE(rig.page->publish(AccountId{8}, {2'000, 4}));
  rig.page->beat(rig.now);
  const auto whole = std::filesystem::file_size(rig.path);
  CHECK(!QuotaReader(rig.folder / "none").read(AccountId{7}, rig.now));
  CHECK(!rig.reader.read(AccountId{QuotaPage::highest_account + 1}, rig.now));
  CHECK(!rig.reader.read(AccountId{~0ULL}, rig.now));
  for (std::size_t at = 7 * 32; at < 8 * 32; ++at) {
    std::fstream file(rig.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(static_cast<std::streamoff>(at));
    const char right = static_cast<char>(file.get());
    file.seekp(static_cast<std::streamoff>(at)).put(static_cast<char>(right ^ 1));
    file.flush();
    CHECK(!rig.reader.read(AccountId{7}, rig.now));
    file.seekp(static_cast<std::streamoff>(at)).put(right);
  }
  CHECK(rig.reader.read(AccountId{7}, rig.now));
  std::filesystem::resize_file(rig.path, whole - 1);
  CHECK(!rig.reader.read(AccountId{8}, rig.now));
  CHECK(rig.reader.read(AccountId{7}, rig.now));
  std::filesystem::resize_file(rig.path, 0);
  CHECK(!rig.reader.read(AccountId{7}, rig.now));
}
