#include "services/escrow/known_page.h"

#include <doctest/doctest.h>

using namespace hikyaku;
using namespace hikyaku::escrow;

TEST_CASE("known page: it reads as it was written; anything else is no page") {
  KnownPage page;
  CHECK(KnownPage::parse(page.text()) == page);
  page.key = std::string(31, 'k') + '\0';
  page.kept[std::string(64, 'a')] = {1, 2, 3, 4};
  page.kept[std::string(64, 'b')] = {1, 2, 3, 5};
  page.released.insert(std::string(64, 'c'));
  const auto text = page.text();
  CHECK(KnownPage::parse(text) == page);
  for (std::size_t octets = 0; octets < text.size(); ++octets) CHECK_FALSE(KnownPage::parse(text.substr(0, octets)));
  for (std::size_t at = 0; at < text.size(); ++at) {
    auto changed = text;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    CHECK_FALSE(KnownPage::parse(changed));
  }
  CHECK_FALSE(KnownPage::parse(text + "\n"));
}
