#include "apps/receive/access_book.h"

#include <utility>

namespace hikyaku::receive {
namespace {

constexpr unsigned most_tries = 5;  // while the table changes between its pieces

AccessBook::Table table_of(std::string_view text) {
  std::vector<directory::AccessRow> access;
  std::vector<directory::ContentRow> content;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto line = text.substr(0, end);
    if (auto row = directory::parse_access_row(line)) access.push_back(*std::move(row));
    else if (auto other = directory::parse_content_row(line)) content.push_back(*std::move(other));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return std::make_shared<const AccessBook::Rows>(std::move(access), std::move(content));
}

constexpr Duration patience = 5s, look_again = 5ms;

struct Fetched {
  std::uint64_t stamp = 0;
  std::optional<std::string> text;  // nothing: it is as it was
};

Task<std::optional<Fetched>> fetch_rows(directory::AuthClient& auth, std::uint64_t known) {
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

AccessBook::Turn AccessBook::take_turn(const std::optional<storage::Version>& version, Instant now, Known& known) {
  const std::lock_guard lock(mutex_);
  known = known_;
  const bool fresh = version ? known_.version == version : known_.stamp != 0 && now < known_.asked + std::chrono::seconds{1};
  if (fresh) return Turn::Fresh;
  return std::exchange(fetching_, true) ? Turn::Wait : Turn::Fetch;
}

Task<AccessBook::Table> AccessBook::current(Asker asker) {
  Known known;
  for (const auto deadline = asker.loop.after(patience); asker.loop.now() < deadline && !asker.loop.stopping();) {
    const auto version = asker.auth.version();
    switch (take_turn(version, asker.loop.now(), known)) {
      case Turn::Fresh: co_return known.table;
      case Turn::Wait: co_await asker.loop.sleep_until(asker.loop.after(look_again)); break;
      case Turn::Fetch: {
        auto fetching = fetch(asker, version, known.stamp);
        auto table = co_await std::move(fetching);
        co_return table;
      }
    }
  }
  co_return nullptr;
}

Task<AccessBook::Table> AccessBook::fetch(Asker asker, std::optional<storage::Version> version, std::uint64_t stamp) {
  // Whatever ends this, another may fetch then.
  struct Turns {
    AccessBook& book;
    ~Turns() {
      const std::lock_guard lock(book.mutex_);
      book.fetching_ = false;
    }
  } const turns{*this};
  auto asking = fetch_rows(asker.auth, stamp);
  auto fetched = co_await std::move(asking);
  if (!fetched) co_return nullptr;
  Table table;
  if (fetched->text) {
    auto building = asker.workers.run(asker.loop, [text = &*fetched->text] { return table_of(*text); });
    auto built = co_await std::move(building);
    if (!built) co_return nullptr;
    table = std::move(*built);
  }
  const std::lock_guard lock(mutex_);
  if (table) known_.table = std::move(table);
  known_.stamp = fetched->stamp;
  known_.version = version;  // read before the rows, so that no change is missed
  known_.asked = asker.loop.now();
  co_return known_.table;
}

}  // namespace hikyaku::receive
