#include "services/abuse/habits_store.h"

namespace hikyaku::abuse {
namespace {

constexpr std::uint64_t most_file_octets = 1ULL << 30;
constexpr std::size_t lines_a_lock = 1'000;  // logins wait for the lock

}  // namespace

HabitsStore::HabitsStore(io::Disk& disk, std::string folder) : disk_(disk), folder_(std::move(folder)) {
  if (const auto made = disk_.make_folder(folder_); !made) {
    trouble_ = made.error().what;
    return;
  }
  const auto file = folder_ + "/habits";
  const auto text = io::read_file(disk_, file, most_file_octets);
  if (!text) {
    if (text.error().kind != io::DiskFailure::NotFound) trouble_ = text.error().what;
    return;
  }
  if (const auto unreadable = restore_habits(habits_, *text); unreadable > 0) trouble_ = file + ": " + std::to_string(unreadable) + " lines could not be read";
}

io::DiskResult<> HabitsStore::save() {
  std::string text;
  {
    const std::lock_guard lock(mutex_);
    if (!changed_) return {};
    changed_ = false;
  }
  for (std::uint64_t after = 0;;) {
    const std::lock_guard lock(mutex_);
    auto one = habits_.all().upper_bound(after);
    for (std::size_t n = 0; n < lines_a_lock && one != habits_.all().end(); ++n, ++one) {
      text += habit_line(AccountId{one->first}, one->second);
      after = one->first;
    }
    if (one == habits_.all().end()) break;
  }
  auto written = io::replace_file(disk_, folder_ + "/habits", text);
  if (!written) {
    const std::lock_guard lock(mutex_);
    changed_ = true;
  }
  return written;
}

}  // namespace hikyaku::abuse
