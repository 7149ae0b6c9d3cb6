#include "apps/receive/list_watch.h"

#include "apps/service/data_folders.h"
#include "io/posix_disk.h"

namespace hikyaku::receive {
namespace {

namespace events = telemetry::events;
constexpr Duration look_interval = 1s;  // whether the settings changed, or a check is due
constexpr std::uint64_t most_suffix_octets = 16 << 20;
constexpr std::string_view suffix_file = "/usr/share/publicsuffix/public_suffix_list.dat";

struct Checked {
  std::string zone;
  policy::ListOf of;
};

std::vector<Checked> lists_of(const policy::PolicySettings& policy) {
  std::vector<Checked> all;
  for (const auto* lists : {&policy.rules.dnsbl, &policy.rules.dnswl})
    for (const auto& list : *lists) all.push_back({list.zone, policy::ListOf::Addresses});
  for (const auto& list : policy.uri_lists) all.push_back({list.zone, policy::ListOf::Names});
  return all;
}

void tell(Front& front, const std::string& zone, policy::ListState found, policy::ListHealth::Change change) {
  auto& log = front.reception.service.log();
  if (change == policy::ListHealth::Change::SwitchedOff) log.write(events::list_off, {.destination = zone, .reason = policy::state_name(found)});
  if (change == policy::ListHealth::Change::SwitchedOn) log.write(events::list_on, {.destination = zone});
}

Task<void> check_one(Front& front, Checked list) {
  const auto policies = front.reception.policies();
  const auto deadline = front.loop.after(policies->policy.patience);
  policy::Answers answers;
  for (;;) {
    const auto found = policy::check_list(list.zone, list.of, answers);
    if (found) {
      tell(front, list.zone, *found, front.reception.list_health.take(list.zone, *found, front.reception.clock.wall()));
      co_return;
    }
    auto looking = front.gate.look_up(policies->settings, answers, deadline);
    const auto trouble = co_await std::move(looking);
    (void)trouble;  // told where mail is judged
  }
}

}  // namespace

Task<void> watch_lists(Front& front) {
  auto& health = front.reception.list_health;
  const auto path = front.reception.service.path(apps::folder::counters) + "/receive/lists";
  std::string checked_lists = "?", kept = "?";
  Instant due{};
  while (!front.loop.stopping()) {
    const auto policies = front.reception.policies();
    const auto lists = lists_of(policies->policy);
    const auto interval = policies->settings->policy.list_check();
    std::vector<std::string> zones;
    std::string names;
    for (const auto& list : lists) zones.push_back(list.zone), names += list.zone + ' ';
    const bool wanted = interval > 0s;
    health.keep_only(wanted ? zones : std::vector<std::string>{});
    if (wanted && (names != checked_lists || front.loop.now() >= due)) {
      for (const auto& list : lists) {
        auto checking = check_one(front, list);
        co_await std::move(checking);
      }
      checked_lists = std::move(names);
      due = front.loop.after(interval);
    }
    if (auto text = policy::print_lists(health.all()); text != kept) {
      auto writing = front.reception.workers.run(front.loop, [&] {
        io::PosixDisk disk;
        return io::replace_file(disk, path, text);
      });
      const auto written = co_await std::move(writing);
      if (written && *written) kept = std::move(text);
    }
    const auto outcome = co_await front.loop.sleep_until(front.loop.after(look_interval));
    if (outcome == io::Wake::Cancelled) break;
  }
}

std::shared_ptr<const dmarc::PublicSuffixList> read_suffixes(io::Disk& disk) {
  const auto text = io::read_file(disk, suffix_file, most_suffix_octets);
  return text ? std::make_shared<const dmarc::PublicSuffixList>(dmarc::PublicSuffixList::parse(*text)) : nullptr;
}

}  // namespace hikyaku::receive
