// Keeping a service's view of the directory fresh.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "services/directory/directory.h"
#include "services/directory/rows.h"
#include "services/directory/seen_page.h"

namespace hikyaku::directory {

storage::StoreResult<std::shared_ptr<const Snapshot>> load(storage::Engine& engine, Deadline deadline) {
  // Pages of one version make one consistent view; the directory changes rarely, so a second try is rare.
  constexpr int most_tries = 20;
  for (int tries = 1;; ++tries) {
    Contents contents;
    bool changed_between = false;
    storage::Scan range;
    for (bool first = true;; first = false) {
      TRY(page, engine.scan(partition, range, deadline));
      if (first) contents.version = page.version;
      changed_between |= page.version != contents.version;
      for (const auto& row : page.rows) (void)rows::take_row(row, contents);  // one unreadable row must not stop all mail
      if (!page.more || page.rows.empty()) break;
      range.from = page.rows.back().key + '\0';
    }
    rows::finish(contents);
    if (!changed_between) return std::make_shared<const Snapshot>(std::move(contents));
    if (tries == most_tries)
      return failure(storage::StoreError{storage::StoreFailure::Timeout, "the directory changes faster than it can be read"});
  }
}

namespace {

constexpr Duration look_every = 250ms, fresh_for = 1s, load_limit = 30s, version_limit = 800ms;

}  // namespace

struct Reader::State {
  storage::Engine& engine;
  std::shared_ptr<SeenPage> page;
  std::string name;

  mutable std::mutex mutex;
  std::condition_variable wake;
  bool rung = false, ending = false;
  std::shared_ptr<const Snapshot> newest;
  Instant checked{};  // when `newest` was last known to be the store's version
  std::function<void()> changed;

  std::unique_ptr<storage::Watch> watch;
  std::unique_ptr<SeenPage::Slot> slot;
  std::thread thread;

  void look() {
    const auto asked = std::chrono::steady_clock::now();
    const auto version = engine.version(partition, asked + version_limit);
    if (!version) return;
    if (const auto held = get(); held && held->version() == *version) {
      const std::lock_guard lock(mutex);
      checked = asked;
      return;
    }
    const auto read_at = std::chrono::steady_clock::now();
    auto loaded = load(engine, read_at + load_limit);
    if (!loaded) return;
    std::function<void()> callback;
    {
      const std::lock_guard lock(mutex);
      newest = std::move(*loaded);
      checked = read_at;
      callback = changed;
    }
    if (callback) callback();
  }

  std::shared_ptr<const Snapshot> get() const {
    const std::lock_guard lock(mutex);
    return newest;
  }

  void run() {
    std::unique_lock lock(mutex);
    while (!ending) {
      wake.wait_for(lock, look_every, [&] { return rung || ending; });
      rung = false;
      if (ending) return;
      lock.unlock();
      look();
      if (const auto held = get(); held && slot) slot->publish(held->version());
      lock.lock();
    }
  }
};

Reader::Reader(storage::Engine& engine, std::shared_ptr<SeenPage> seen, std::string service_name)
    : state_(new State{engine, std::move(seen), std::move(service_name), {}, {}, false, false, {}, {}, {}, {}, {}, {}}) {
  auto* state = state_.get();
  state->look();
  if (state->page) state->slot = std::make_unique<SeenPage::Slot>(state->page, state->name);
  if (state->slot && state->newest) state->slot->publish(state->newest->version());
  state->watch = engine.watch(partition, [state] {
    {
      const std::lock_guard lock(state->mutex);
      state->rung = true;
    }
    state->wake.notify_one();
  });
  state->thread = std::thread([state] { state->run(); });
}

Reader::~Reader() {
  state_->watch.reset();
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->wake.notify_one();
  state_->thread.join();
}

std::shared_ptr<const Snapshot> Reader::snapshot() const {
  const std::lock_guard lock(state_->mutex);
  if (!state_->newest || std::chrono::steady_clock::now() - state_->checked > fresh_for) return nullptr;
  return state_->newest;
}

std::shared_ptr<const Snapshot> Reader::newest() const { return state_->get(); }

void Reader::on_change(std::function<void()> callback) {
  const std::lock_guard lock(state_->mutex);
  state_->changed = std::move(callback);
}

}  // namespace hikyaku::directory
