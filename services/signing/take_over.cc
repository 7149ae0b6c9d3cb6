#include "services/signing/take_over.h"

#include "services/signing/published.h"

namespace hikyaku::signing {
namespace {

constexpr Duration patience = std::chrono::seconds{10};

bool waits(const directory::DkimKey& key) { return key.stage == directory::DkimStage::Prepared && key.takes_over == directory::TakesOver::WhenPublished; }

}  // namespace

Task<void> TakeOver::look_at(directory::DkimKey key) {
  auto asking = parts_.txt(record_name(key), parts_.loop.after(patience));
  const auto answer = co_await std::move(asking);
  // Nothing is known then; what was seen before still stands.
  if (answer.outcome == io::DnsOutcome::TemporaryFailure || answer.outcome == io::DnsOutcome::Bogus) co_return;
  const auto now = parts_.clock.wall();
  const bool there = published(answer.records, key) == Published::Right;
  if (there && key.published == WallTime{}) key.published = now;
  const bool due = there && is_due(key, now, parts_.times().settle_time);
  auto changing = parts_.workers.run(parts_.loop, [&]() -> directory::DirectoryResult<> {
    TRY_VOID(parts_.editor.dkim_key_seen(key.domain, key.selector, there ? std::optional(now) : std::nullopt));
    if (!due) return {};
    TRY_VOID(parts_.editor.activate_dkim_key(key.domain, key.selector, now));
    return {};
  });
  const auto changed = co_await std::move(changing);
  if (changed && !*changed) parts_.log.write(telemetry::events::storage_trouble, {.reason = changed->error().what});
  const std::string name = record_name(key);
  if (due && changed && *changed) parts_.log.write(telemetry::events::dkim_key_active, {.text = name});
}

Task<void> TakeOver::look() {
  const auto directory = parts_.directory.snapshot();
  if (!directory) co_return;
  for (const auto& key : directory->contents().dkim_keys) {
    if (!waits(key)) continue;
    auto looking = look_at(key);
    co_await std::move(looking);
    if (parts_.loop.stopping()) break;
  }
}

Task<void> TakeOver::run() {
  while (!parts_.loop.stopping()) {
    auto looking = look();
    co_await std::move(looking);
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(parts_.times().check_interval));
    if (outcome == io::Wake::Cancelled) break;
  }
}

}  // namespace hikyaku::signing
