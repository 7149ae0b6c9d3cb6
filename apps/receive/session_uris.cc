// The links in a stranger's text: their hosts are looked up in the lists of [policy] uri_lists before the 250.
#include "apps/receive/session.h"

namespace hikyaku::receive {
namespace {

constexpr std::size_t small_text = 16 << 10;  // read on the loop in less than a millisecond

}  // namespace

Task<policy::UriFindings> Session::look_up_uris(policy::UriCheck& check) {
  const auto deadline = front_.loop.after(policies_->policy.patience);
  for (;;) {
    auto found = check.results(answers_);
    if (found) co_return *std::move(found);
    auto looking = look_up_answers(deadline);
    co_await std::move(looking);
  }
}

// A list that does not answer has nobody.
Task<filters::Heard> Session::check_uris(Arrival& arrival, Envelope&) {
  if (!arrival.uris) co_return Heard{};
  const auto& text = arrival.uris->text();
  std::vector<std::string> hosts;
  if (text.size() > small_text) {
    auto reading = front_.reception.workers.run(front_.loop, [&text] { return policy::uri_hosts_in(text); });
    auto read = co_await std::move(reading);
    hosts = read ? std::move(*read) : policy::uri_hosts_in(text);  // all workers are busy
  } else {
    hosts = policy::uri_hosts_in(text);
  }
  arrival.uris.reset();
  if (hosts.empty()) co_return Heard{};
  auto lists = policies_->policy.uri_lists;
  front_.reception.list_health.leave_sound(lists);
  policy::UriCheck check(hosts, std::move(lists), policies_->policy.uri_exempt, front_.reception.suffixes.get());
  auto looking = look_up_uris(check);
  const auto found = co_await std::move(looking);
  if (found.domain.empty()) co_return Heard{};
  const auto why = found.domain + " is listed by " + found.zone;
  Heard heard{Heard::Kind::Refuse, {550, {5, 7, 1}, "The text has a link to " + found.domain + ", which is listed by " + found.zone}, why + " (" + found.answer + ")", {}};
  heard = judged(policy::RuleId::UriList, "link", std::move(heard), talk_.envelope().recipients.front().address.text(), &arrival.id);
  const bool enforced = policies_->policy.rules.mode(policy::RuleId::UriList) == policy::Mode::Enforce;
  if (!enforced || !policies_->policy.tags_uris) co_return heard;
  using Edit = filters::HeaderEdit;
  co_return Heard{Heard::Kind::Pass, {}, {}, {{Edit::Kind::Insert, 0, std::string(uri_field), " " + why}}};
}

}  // namespace hikyaku::receive
