#include "services/quarantine/withdrawal.h"

namespace hikyaku::quarantine {
namespace {

constexpr Duration pause_when_busy = std::chrono::milliseconds{100};

}  // namespace

Task<void> withdraw(io::Loop& loop, io::Workers& workers, Deposit given) {
  Deposit deposit = std::move(given);
  for (;;) {
    auto withdrawing = workers.run(loop, [&deposit] { deposit.withdraw(); });
    const auto withdrawn = co_await std::move(withdrawing);
    if (withdrawn) co_return;
    const auto woken = co_await loop.sleep_until(loop.after(pause_when_busy));
    if (woken == io::Wake::Cancelled) co_return;
  }
}

}  // namespace hikyaku::quarantine
