// Asking a next hop whether it has a user, for reception: by connections of its own, few of a destination, so that neither mail nor anybody who asks waits
// for a host that does not answer.
#include "services/delivery/delivery.h"

namespace hikyaku::delivery {
namespace {

constexpr std::size_t most_waiting = 200, most_askings_of_one = 4;
constexpr Duration reply_time = 8s;  // nobody waits longer for the answer (settings: at most 60 s, usually 10)

RecipientFinding away(std::string words) { return {RecipientWord::Away, false, std::move(words)}; }

// A place among those under way to a destination.
class AskingPlace {
 public:
  AskingPlace(std::map<std::string, std::size_t>& all, io::Event& done, std::string of) : all_(all), done_(done), of_(std::move(of)) { ++all_[of_]; }
  AskingPlace(const AskingPlace&) = delete;
  AskingPlace& operator=(const AskingPlace&) = delete;
  ~AskingPlace() {
    if (const auto at = all_.find(of_); --at->second == 0) all_.erase(at);
    done_.notify_all();
  }

 private:
  std::map<std::string, std::size_t>& all_;
  io::Event& done_;
  std::string of_;
};

}  // namespace

Task<RecipientFinding> Delivery::ask(RecipientQuestion question) {
  const auto directory = parts_.directory.newest();
  if (stopping_ || !directory) co_return away("deliver is stopping or cannot read the directory");
  const ReversePath nobody;
  const Recipient recipient{question.recipient, "", {}};
  const auto plan = plan_recipient(*directory, settings_.routing, {nobody, recipient});
  const auto* next = std::get_if<ToNextHop>(&plan);
  if (next == nullptr) co_return RecipientFinding{RecipientWord::NotTold, false, "its mail goes to no other server"};
  const NextHop hop = next->hop;
  auto finding = destination_now_of(hop);
  auto destination = co_await std::move(finding);
  if (destination.empty()) destination = hop.key();
  const auto now = parts_.clock.wall();
  for (const auto& hold : directory->contents().holds)
    if (hold.runs(now) && holds_back(hold, question.recipient.domain, destination)) co_return away("mail for " + destination + " is held");
  if (askings_waiting_ >= most_waiting) co_return RecipientFinding{RecipientWord::Busy, false, "as many questions as may be are under way"};
  const auto give_up = parts_.loop.after(reply_time);
  ++askings_waiting_;
  bool in_time = true;
  while (in_time && askings_[destination] >= most_askings_of_one) {
    const auto outcome = co_await asking_done_.wait(parts_.loop, give_up);
    in_time = outcome == io::Wake::Ready;
  }
  --askings_waiting_;
  if (!in_time) co_return RecipientFinding{RecipientWord::Busy, false, "the questions to " + destination + " before this one take too long"};
  const AskingPlace place(askings_, asking_done_, destination);
  auto asking = ask_there(destination, hop, std::move(question));
  auto found = co_await std::move(asking);
  co_return found;
}

Task<RecipientFinding> Delivery::ask_there(std::string destination, NextHop hop, RecipientQuestion question) {
  const auto use = hop.terms().fallback.name.empty() ? FallbackWatch::Use::Own : fallbacks_.use(destination, hop.terms().fallback_after, parts_.loop.now());
  const NextHop to = use == FallbackWatch::Use::Fallback ? fallback_of(*hop.route) : hop;
  std::vector<Address> asked{question.recipient};
  if (!question.unlikely.empty()) asked.push_back({question.unlikely, question.recipient.domain});
  for (;;) {
    auto session = asking_sessions_.take(to.key());
    const bool kept = session != nullptr;
    if (!kept) {
      CauseWatch watch(parts_.clock, CauseClock());
      auto making = make_room(destination, watch);
      co_await std::move(making);
      auto place = connections_->take(destination);
      auto opening = open_hosts(destination, to, TlsWish::None, watch, reply_time);
      auto opened = co_await std::move(opening);
      if (!opened) co_return away(opened.error().diagnostic.empty() ? opened.error().explanation : opened.error().diagnostic);
      session = std::move(*opened);
      session->hold(std::move(place));
    }
    auto asking = session->ask(asked, reply_time);
    const auto outcomes = co_await std::move(asking);
    const bool stale = kept && session->was_stale();
    if (session->usable()) asking_sessions_.put(to.key(), std::move(session));
    if (stale) continue;
    const auto& of_user = outcomes.front();
    co_return RecipientFinding{word_of(of_user), outcomes.size() > 1 && word_of(outcomes[1]) == RecipientWord::Taken, of_user.said_by_peer || of_user.klass == smtp::OutcomeClass::Accepted ? of_user.reply.line() : of_user.reply.text};
  }
}

}  // namespace hikyaku::delivery
