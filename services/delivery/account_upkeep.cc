#include "services/delivery/account_upkeep.h"

#include <malloc.h>

namespace hikyaku::delivery {
namespace {
constexpr Duration first_round = 5min;  // a start has other work
constexpr Duration every = 1h;
constexpr Duration breath = 20ms;   // between accounts: deliveries go first
}  // namespace

AccountUpkeep::AccountUpkeep(Parts parts)
    : parts_(parts), care_({.mailboxes = parts.mailboxes, .clock = clock_, .generated = {parts.node, parts.generated_journal, 0, 0},
                            .is_over = [this](const auto& ids, auto& over) { return are_over(ids, over); }}) {}

Task<void> AccountUpkeep::run() {
  Duration wait = first_round;
  while (!parts_.loop.stopping()) {
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(wait));
    if (outcome == io::Wake::Cancelled) break;
    auto going = round();
    co_await std::move(going);
    wait = every;
  }
}

Task<void> AccountUpkeep::round() {
  const auto directory = parts_.directory.newest();
  if (!directory) co_return;
  auto asking = parts_.workers.run(parts_.loop, [this] { return parts_.spool.lowest_unreleased(); });
  const auto lowest = co_await std::move(asking);
  std::vector<TraceId> forget_below;
  if (lowest)
    for (const auto& one : *lowest) forget_below.push_back(lines_[one.journal].advance(parts_.loop.now(), one));
  care_.begin_round(std::move(forget_below));
  for (const auto& account : directory->contents().accounts) {
    auto tending = parts_.workers.run(parts_.loop, [this, id = account.id] { return care_.tend(id); });
    const auto tended = co_await std::move(tending);
    if (tended && !*tended) {
      const std::string name = std::to_string(account.id.value());
      parts_.log.write(telemetry::events::storage_trouble, {.account = name, .reason = tended->error().what});
    }
    if (tended && *tended && (*tended)->orphans > 0) {
      const std::string name = std::to_string(account.id.value());
      parts_.log.write(telemetry::events::bodies_collected, {.account = name, .count = (*tended)->orphans});
    }
    if (tended && *tended && (*tended)->what == AccountCare::What::Nothing) continue;
    const auto outcome = co_await parts_.loop.sleep_until(parts_.loop.after(breath));
    if (outcome == io::Wake::Cancelled) break;
  }
  auto trimming = parts_.workers.run(parts_.loop, [] { return ::malloc_trim(0); });  // every database left its pages
  const auto trimmed = co_await std::move(trimming);
  (void)trimmed;
}

// Of mail of ours: a copy was made, so it was in holding. Gone from there, and that flushed, it is delivered never again.
bool AccountUpkeep::are_over(const std::vector<TraceId>& ids, std::vector<bool>& over) const {
  for (std::size_t i = 0; i < ids.size(); ++i) over[i] = !parts_.spool.in_holding(ids[i]);
  return parts_.spool.flush().has_value();
}

}  // namespace hikyaku::delivery
