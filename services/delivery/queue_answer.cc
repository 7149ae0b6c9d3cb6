// Requests about the queue, carried out: the same in deliver and in a command that has the spool to itself.
#include <algorithm>

#include "services/delivery/queue_holds.h"
#include "services/delivery/queue_protocol.h"

namespace hikyaku::delivery {
namespace {

constexpr Duration longest_search = 25ms;

struct Answerer {
  spool::Spool& spool;
  const ActionContext& context;
  ReadIncoming reading;
  std::vector<Touched>& touched;
  InHand* in_hand;

  // From now on.
  static spool::Enough search_enough() {
    return [ends = SystemClock{}.now() + longest_search] { return SystemClock{}.now() >= ends; };
  }
  template <class T>
  static QueueReply reply_of(spool::SpoolResult<T> result) {
    if (!result) return QueueRefusal{result.error().what};
    return QueueReply{*std::move(result)};
  }

  QueueReply operator()(const QueueListRequest& list) const {
    auto found = list_queue(spool, list.filter, list.after, list.limit, context.now, search_enough());
    if (found) HoldsInForce(context.directory, context.now).mark(*found);
    return reply_of(std::move(found));
  }
  QueueReply operator()(const QueueCountRequest&) const {
    constexpr std::size_t at_once = 10'000;
    while (reading == ReadIncoming::Yes) {  // what was accepted and not read yet counts too
      const auto more = spool.fresh(at_once);
      if (!more || more->empty()) break;
    }
    if (auto loaded = spool.load_deferred(); !loaded) return QueueRefusal{loaded.error().what};
    return spool.counts();
  }
  QueueReply operator()(const QueueSummaryRequest& summary) const {
    return reply_of(summarize_queue(spool, summary.filter, summary.limit, context.now, summary.after));
  }
  QueueReply operator()(const QueueActionRequest& act) const {
    if (act.run == ActionRun::Dry) return count(act);
    auto page = act_on_queue(spool, act.filter, act.action, act.after, std::max<std::uint32_t>(act.limit, 1), context, in_hand, search_enough());
    if (!page) return QueueRefusal{page.error().what};
    std::ranges::move(page->touched, std::back_inserter(touched));
    return QueueActionReply{page->changed, page->next, std::move(page->troubles), std::move(page->kept)};
  }
  QueueReply operator()(const QueueHoldRequest& asked) const {
    directory::Hold hold;
    hold.scope = asked.scope, hold.pattern = asked.pattern, hold.id = asked.id;
    while (reading == ReadIncoming::Yes) {
      const auto more = spool.fresh(10'000);
      if (!more || more->empty()) break;
    }
    return count_held(spool, hold);
  }
  // What the spool knows; a running delivery adds what it does with it (Delivery::explain).
  QueueReply operator()(const QueueWhyRequest& why) const {
    constexpr std::size_t most_shown = 100, examples = 5, most_destinations = 20;
    QueueFilter filter;
    filter.id = why.id;
    const bool is_key = why.domain.find(':') != std::string::npos;
    if (!why.id) (is_key ? filter.destination : filter.domain) = why.domain;
    WhyAnswer answer;
    auto list = list_queue(spool, filter, {}, why.id ? most_shown : examples, context.now);
    if (!list) return QueueRefusal{list.error().what};
    for (auto& item : list->items) answer.recipients.push_back({std::move(item), Place::Unknown, {}});
    if (why.id) return answer;
    auto summary = summarize_queue(spool, filter, most_destinations, context.now);
    if (!summary) return QueueRefusal{summary.error().what};
    answer.deferred = std::move(summary->destinations);
    return answer;
  }
  QueueReply count(const QueueActionRequest& act) const {
    if (auto loaded = spool.load_deferred(); !loaded) return QueueRefusal{loaded.error().what};
    const auto counted = count_for_action(spool, act.filter, act.action, act.after, context.now, search_enough());
    if (!counted) return QueueRefusal{counted.error().what};
    return QueueActionReply{counted->recipients, counted->next, {}};
  }
};

}  // namespace

QueueReply answer_queue(spool::Spool& spool, const QueueRequest& request, const ActionContext& context, ReadIncoming reading,
                        std::vector<Touched>& touched, InHand* in_hand) {
  return std::visit(Answerer{spool, context, reading, touched, in_hand}, request);
}

}  // namespace hikyaku::delivery
