#include "apps/receive/access_book.h"

namespace hikyaku::receive {
namespace {

constexpr unsigned most_tries = 5;  // while the table changes between its pieces

std::vector<directory::AccessRow> rows_of(std::string_view text) {
  std::vector<directory::AccessRow> rows;
  while (!text.empty()) {
    const auto end = text.find('\n');
    if (auto row = directory::parse_access_row(text.substr(0, end))) rows.push_back(*std::move(row));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return rows;
}

struct Fetched {
  std::uint64_t stamp = 0;
  std::optional<std::string> text;  // nothing: it is as it was
};

Task<std::optional<Fetched>> fetch(directory::AuthClient& auth, std::uint64_t known) {
  for (unsigned tries = 0; tries < most_tries; ++tries) {
    std::string text;
    std::uint64_t stamp = 0;
    bool whole = true;
    std::uint32_t from = 0;
    do {
      auto asking = auth.access_rows(known, from);
      const auto answer = co_await std::move(asking);
      const auto* page = std::get_if<directory::AccessPage>(&answer);
      if (page == nullptr) co_return std::nullopt;
      if (from == 0) stamp = page->stamp;
      whole = page->stamp == stamp;
      text += page->text;
      from = page->next;
    } while (from != 0 && whole);
    if (!whole) continue;
    if (stamp == known) co_return Fetched{stamp, std::nullopt};
    co_return Fetched{stamp, std::move(text)};
  }
  co_return std::nullopt;
}

}  // namespace

Task<AccessBook::Table> AccessBook::current(directory::AuthClient& auth, Instant now) {
  const auto version = auth.version();
  std::uint64_t stamp = 0;
  {
    const std::lock_guard lock(mutex_);
    const bool fresh = version ? known_.version == version : known_.stamp != 0 && now < known_.asked + std::chrono::seconds{1};
    if (fresh) co_return known_.table;
    stamp = known_.stamp;
  }
  auto fetching = fetch(auth, stamp);
  auto fetched = co_await std::move(fetching);
  if (!fetched) co_return nullptr;
  auto table = fetched->text ? std::make_shared<const policy::AccessTable>(rows_of(*fetched->text)) : nullptr;
  const std::lock_guard lock(mutex_);
  // Another loop may have brought a newer one meanwhile; the version was read before the rows, so that none is missed.
  if (table) known_.table = std::move(table), known_.stamp = fetched->stamp;
  else if (known_.stamp != fetched->stamp) co_return known_.table;
  known_.version = version;
  known_.asked = now;
  co_return known_.table;
}

}  // namespace hikyaku::receive
