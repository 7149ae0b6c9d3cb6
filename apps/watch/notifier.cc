#include "apps/watch/notifier.h"

#include "services/telemetry/events.h"

namespace hikyaku::apps {
namespace {
constexpr Duration look_interval = 200ms;
constexpr Duration wait_before_second_try = 5s, longest_wait = 5min;
}  // namespace

void Notifier::give_up(const std::string& why) {
  service_.log().write(telemetry::events::alarm_untold, {.text = way_->name(), .reason = why});
  waiting_.pop_front();
  tries_ = 0;
}

void Notifier::add(std::shared_ptr<const NoticeText> notice) {
  if (!way_->wanted(*service_.settings())) return;
  if (waiting_.size() >= most_waiting) give_up("too many notices wait");
  waiting_.push_back(std::move(notice));
}

Task<void> Notifier::run() {
  while (!loop_.stopping()) {
    Duration wait = look_interval;
    if (!waiting_.empty()) {
      const auto notice = waiting_.front();
      auto telling = way_->tell(notice);
      const std::string trouble = co_await std::move(telling);
      if (waiting_.empty() || waiting_.front() != notice) continue;  // given up meanwhile
      if (trouble.empty()) {
        waiting_.pop_front();
        tries_ = 0;
      } else if (++tries_ >= most_tries || !way_->wanted(*service_.settings())) {
        give_up(trouble);
      } else {
        wait = std::min(longest_wait, wait_before_second_try * (1 << (tries_ - 1)));
      }
    }
    const auto outcome = co_await loop_.sleep_until(loop_.after(wait));
    if (outcome == io::Wake::Cancelled) break;
  }
}

}  // namespace hikyaku::apps
