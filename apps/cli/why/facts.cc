#include "apps/cli/why/facts.h"

#include <algorithm>

#include "apps/cli/access/data_access.h"
#include "apps/cli/access/dns_look.h"
#include "apps/cli/hold/view.h"
#include "apps/cli/queue/access.h"
#include "apps/cli/terminal/json_view.h"
#include "apps/cli/why/policy.h"
#include "apps/service/data_folders.h"
#include "apps/supervisor/control_socket.h"
#include "protocol/srs/srs.h"
#include "services/delivery/dns_servers.h"
#include "services/delivery/pause_ledger.h"
#include "services/delivery/queue_actions.h"
#include "services/delivery/queue_holds.h"
#include "services/directory/address_text.h"
#include "services/policy/attempt.h"
#include "services/telemetry/stamp.h"

namespace hikyaku::cli {

namespace {

constexpr auto trouble_is_fresh = std::chrono::minutes{2};
constexpr int days_of_logs = 7;
constexpr std::string_view here = "local:";

// Of examples of a domain's mail: one that waits for a mailbox here; null: none does.
const delivery::QueueItem* waits_for_mailbox(const std::vector<delivery::RecipientNow>& all, std::string_view destination, std::string_view reply) {
  for (const auto& one : all)
    if (one.item.attempts > 0 && one.item.destination == destination && one.item.last_reply == reply) return &one.item;
  return nullptr;
}

}  // namespace

WhyGathering::WhyGathering(Invocation& call, delivery::QueueWhyRequest request)
    : call_(call), settings_(call.settings()), now_(SystemClock{}.wall()) {
  log_folder_ = apps::folder::in(settings_->node.data(), apps::folder::log);
  {
    const auto queue = QueueAccess::open(call);
    if (auto answer = queue ? queue->ask_for<delivery::WhyAnswer>(request) : std::nullopt) answer_ = *std::move(answer);
  }
  now_ = SystemClock{}.wall();
  if (const auto access = DirectoryAccess::open(call))
    if (auto snapshot = access->editor().read()) directory_ = *std::move(snapshot);
  if (!answer_.server)
    for (auto& one : answer_.recipients) finish_stopped(one);
  const delivery::HoldsInForce holds(directory_, now_);
  for (auto& one : answer_.recipients)
    if (const auto* hold = holds.of(one.item)) one.item.hold = hold->id;
}

// While deliver runs, its file is a few seconds old: what seems to go on does not.
std::vector<delivery::CausedPause> WhyGathering::stops() const {
  io::PosixDisk disk;
  std::vector<delivery::CausedPause> pauses;
  for (const auto& [from, until] : delivery::PauseLedger::on_disk(disk, apps::folder::in(settings_->node.data(), "spool/stopped"), now_))
    if (!answer_.server || until < now_) pauses.push_back({from, until, delivery::Cause::Stopped});
  return pauses;
}

// Ended by a command, which tells of no time: since the last attempt, or since it was accepted.
delivery::CauseClock WhyGathering::waited_for_command(const LoggedRecipient& one, WallTime accepted_at) const {
  const bool tried = !one.stretches.empty();
  delivery::CauseClock clock(tried ? one.stretches.back().until() : accepted_at, tried ? delivery::Cause::Schedule : delivery::Cause::Intake);
  clock.spend(one.at, stops());
  return clock;
}

// Nobody runs who would know: what the ledger on disk and the holds say of its time.
void WhyGathering::finish_stopped(delivery::RecipientNow& one) const {
  const auto& item = one.item;
  const bool tried = item.last_tried != WallTime{};
  const bool deferred = item.state == delivery::QueueState::Deferred;
  auto pauses = stops();
  const delivery::HoldsInForce holds(directory_, now_);
  if (const auto* hold = holds.of(item)) pauses.push_back({hold->start, now_, delivery::Cause::Hold});
  one.spent = delivery::CauseClock(tried ? item.last_tried : item.accepted_at, deferred ? delivery::Cause::Schedule : delivery::Cause::Intake);
  one.spent.spend(now_, pauses);
  one.spent.turn(delivery::Cause::Stopped, now_);
}

std::vector<ExplainedRecipient> WhyGathering::recipients_of(const LoggedMessage& logged) const {
  std::vector<ExplainedRecipient> all;
  for (const auto& [address, one] : logged.recipients) all.push_back({address, one, std::nullopt, {}});
  for (const auto& now : answer_.recipients) {
    auto place = std::ranges::find(all, now.item.recipient, &ExplainedRecipient::recipient);
    if (place == all.end()) place = all.insert(all.end(), {now.item.recipient, std::nullopt, std::nullopt, {}});
    place->now = now;
  }
  for (auto& one : all) {
    std::vector<delivery::CauseClock> stretches;
    if (one.logged) stretches = one.logged->stretches;
    if (one.now) stretches.push_back(one.now->spent);
    auto begin = one.now ? std::optional(one.now->item.accepted_at) : one.logged->accepted_at;
    if (!begin) begin = logged.accepted_at;
    if (begin && !one.now && !one.logged->by.empty()) stretches.push_back(waited_for_command(*one.logged, *begin));
    if (begin) one.spent = delivery::joined(*begin, std::move(stretches));
  }
  return all;
}

delivery::WhyFacts WhyGathering::begin_facts(std::string subject) {
  delivery::WhyFacts facts;
  facts.now = now_;
  facts.subject = std::move(subject);
  facts.server = answer_.server;
  if (!facts.server) ask_supervisor(facts);
  facts.disk_trouble = disk_trouble_since(log_folder_, now_ - trouble_is_fresh);
  return facts;
}

void WhyGathering::ask_supervisor(delivery::WhyFacts& facts) {
  const auto answer = apps::ask_server(settings_->node.data(), {{"status"}});
  const auto status = answer && answer->good ? JsonView::parse(answer->text) : std::nullopt;
  if (!status) return;
  for (const auto& service : status->at("services").items()) {
    if (service.text("name") != "deliver" || !service.has("stopped_by")) continue;
    facts.stopped_by = service.text("stopped_by");
    facts.stopped_since = service.text("stopped_since").substr(0, 16);
    std::ranges::replace(facts.stopped_since, 'T', ' ');
  }
}

void WhyGathering::take_plan(delivery::WhyFacts& facts, const std::string& sender, const std::string& recipient) {
  const auto address = directory::parse_address(recipient);
  if (!directory_ || !address) return;
  ReversePath from;
  if (const auto parsed = directory::parse_address(sender)) from = ReversePath{*parsed};
  const delivery::RoutingSettings routing{.dns_servers = delivery::dns_servers(settings_->delivery.resolvers())};
  const auto plan = delivery::plan_recipient(*directory_, routing, {from, Recipient{*address, "", {}}});
  if (facts.destination.empty()) facts.destination = delivery::destination_of(plan);
  if (const auto* mailbox = std::get_if<delivery::ToMailbox>(&plan)) facts.account = mailbox->target.address.text();
  if (const auto* hop = std::get_if<delivery::ToNextHop>(&plan)) {
    facts.routed = hop->hop.via == delivery::Via::Host;
    hop_ = hop->hop;
  }
}

// A hold that sends mail another way keeps only what was tried elsewhere before.
void WhyGathering::take_hold(delivery::WhyFacts& facts, delivery::QueueItem item) {
  item.destination = facts.destination;
  const bool waits_deferred = item.state == delivery::QueueState::Deferred;
  item.state = delivery::QueueState::Deferred;
  const delivery::HoldsInForce holds(directory_, now_);
  const auto* hold = holds.of(item);
  if (hold == nullptr) return;
  if (hold->action == directory::HoldAction::OtherRoute) {
    const auto hop = delivery::parse_chosen_hop(hold->other_route);
    const std::string key = hop ? hop->key() : "";
    facts.redirected = delivery::Redirection{hold->other_route, hold->reason, hold->start, hold->id, 0};
    if (!waits_deferred || facts.destination == key) {
      if (facts.destination != key) facts.failure.reset(), facts.reply.clear();  // of its own way
      if (hop) facts.destination = key, hop_ = *hop, facts.routed = true;
      return;
    }
  }
  facts.hold_id = hold->id;
  facts.hold = std::to_string(hold->id) + " (" + selector_text(call_, *hold) + (hold->reason.empty() ? "" : ": " + hold->reason) + ")";
}

// By a command that sent this very mail to a host: neither its hosts nor its trouble are its route's.
void WhyGathering::take_via(delivery::WhyFacts& facts, const delivery::QueueItem& item) {
  const auto hop = delivery::parse_chosen_hop(item.via);
  if (!hop || facts.destination != hop->key()) return;
  hop_ = *hop, facts.routed = false;
  facts.redirected = delivery::Redirection{.to = item.via};
}

// By a command: of mail that has not gone its own way since.
void WhyGathering::take_redirect(delivery::WhyFacts& facts, const std::string& domain, const std::optional<LoggedRecipient>& last) {
  if (facts.redirected) return;
  const bool is_key = domain.find(':') != std::string::npos;
  std::vector<std::string> destinations{facts.destination};
  if (is_key) destinations.push_back(domain);
  std::string name = is_key ? "" : domain;
  if (is_key && last) name = last->recipient.substr(last->recipient.rfind('@') + 1);
  const auto found = last_redirect(log_folder_, name, destinations, telemetry::day_text(now_ - std::chrono::days{days_of_logs}));
  if (!found) return;
  const auto hop = delivery::parse_chosen_hop(found->to);
  const bool own_way_since = last && last->at > found->at && last->delivered() && (!hop || last->destination != hop->key());
  if (!own_way_since) facts.redirected = delivery::Redirection{found->to, found->by, found->at, 0, found->recipients};
}

// Where nothing is known of a destination: since when that is.
void WhyGathering::take_last_try(delivery::WhyFacts& facts) {
  facts.days_searched = days_of_logs;
  const bool is_here = facts.destination.starts_with(here);
  if (!is_here && (!facts.state || facts.state->known == delivery::Knowledge::Evidence)) return;
  // The lines of mailboxes have no destination.
  const auto last = last_of_domain(log_folder_, is_here ? facts.destination.substr(here.size()) : facts.destination, telemetry::day_text(now_ - std::chrono::days{days_of_logs}));
  if (last && (!is_here || last->delivered())) facts.last_tried = last->at;
}

void WhyGathering::take_state(delivery::WhyFacts& facts) {
  const auto found = std::ranges::find(answer_.destinations, facts.destination, &delivery::DestinationNow::key);
  if (found != answer_.destinations.end()) facts.state = *found;
}

void WhyGathering::ask_dns(delivery::WhyFacts& facts) {
  if (!hop_ || facts.destination.starts_with("local:")) return;
  auto look = look_at_dns(*settings_, *hop_, settings_->node.hostname());
  facts.dns = look.finding, facts.dns_words = std::move(look.words);
  hosts_ = std::move(look.hosts);
  addresses_ = std::move(look.addresses);
}

void WhyGathering::take_log(delivery::WhyFacts& facts, const LoggedRecipient& last) {
  facts.delivered = last.delivered();
  facts.given_up = last.given_up();
  if (facts.delivered) return;
  if (facts.given_up) facts.given_up_recipient = last.recipient, facts.given_up_reply = last.reply;
  facts.failure = delivery::parse_class(last.failure_class);
  facts.reply = last.reply, facts.reply_host = last.next_hop;
  facts.attempts = last.attempts;
  facts.next_try = last.next_try;
}

void WhyGathering::check_policy(delivery::WhyFacts& facts, const std::string& sender) {
  PolicyQuestion question;
  if (const auto parsed = directory::parse_address(sender)) question.domain = parsed->domain;
  question.hostname = settings_->node.hostname();
  question.selector = call_.value("--selector");
  std::optional<io::IpAddress> ours;
  if (call_.has("--address")) ours = io::IpAddress::parse(call_.value("--address"));
  if (!ours && hop_ && !hop_->terms().sources.empty()) ours = io::IpAddress::parse(hop_->terms().sources.front());
  if (!ours && !addresses_.empty()) ours = address_towards(addresses_.front());
  if (!ours) return;
  question.address = *ours;
  facts.policy = check_records(*settings_, question);
}

delivery::WhyFacts WhyGathering::facts_of(const ExplainedRecipient& one) {
  auto facts = begin_facts(one.recipient);
  std::string sender;
  if (one.logged) {
    take_log(facts, *one.logged);
    facts.destination = one.logged->destination;
    sender = one.logged->sender;
  }
  if (one.now) {
    const auto& item = one.now->item;
    facts.place = one.now->place;
    facts.delivered = facts.given_up = false;
    facts.destination = item.destination, sender = item.sender;
    if (item.attempts > 0) {
      facts.failure = delivery::failure_class_of(item.failure_class);
      facts.reply = item.last_reply, facts.attempts = item.attempts, facts.next_try = item.next_due;
    } else if (item.state == delivery::QueueState::Deferred) {
      facts.next_try = item.next_due;
    }
    facts.waiting = 1;
  }
  facts.spent = one.spent;
  take_plan(facts, sender, one.recipient);
  if (one.now) take_hold(facts, one.now->item), take_via(facts, one.now->item);
  take_state(facts);
  take_last_try(facts);
  if (facts.state && facts.state->next_probe) facts.next_try = facts.state->next_probe;
  if (!facts.hold.empty()) facts.next_try.reset();  // a hold lets nothing be tried
  if (facts.server || !facts.delivered) ask_dns(facts);
  if (facts.failure == delivery::FailureClass::Policy || facts.failure == delivery::FailureClass::PolicyRefused) check_policy(facts, sender);
  return facts;
}

// By what RCPT would answer from the directory (recipient_judgement.h), but for what passes: quotas and holds. Of a rewritten sender's address RCPT asks key and
// day: `policy test` tells.
void WhyGathering::take_address(delivery::WhyFacts& facts, const std::string& text) const {
  const auto address = directory::parse_address(text);
  if (!directory_ || !address || srs::looks_rewritten(*address)) return;
  facts.address = address->text();
  const auto found = directory_->resolve(*address, 1);
  const auto* domain = directory_->domain(address->domain);
  if (found.kind == directory::RecipientKind::UnknownUser) facts.address_trouble = found.through.empty() ? delivery::AddressTrouble::NoAccount : delivery::AddressTrouble::ToNobody;
  else if (found.kind == directory::RecipientKind::Disabled) facts.address_trouble = delivery::AddressTrouble::Disabled;
  else if (found.kind == directory::RecipientKind::Relay && domain != nullptr && domain->recipients == directory::RecipientCheck::List && !policy::is_always_taken(*address) && !directory_->is_relay_recipient(*address))
    facts.address_trouble = delivery::AddressTrouble::NotListed;
}

delivery::WhyFacts WhyGathering::facts_of_domain(const std::string& domain, const std::string& address) {
  auto facts = begin_facts(domain);
  take_address(facts, address);
  const bool is_key = domain.find(':') != std::string::npos;
  const auto last = last_of_domain(log_folder_, domain, telemetry::day_text(now_ - std::chrono::days{days_of_logs}));
  std::string sender, sent_by, recipient = is_key ? "" : "postmaster@" + domain;
  if (last) {
    take_log(facts, *last);
    sender = last->sender, recipient = last->recipient;
  }
  if (!answer_.deferred.empty()) {
    // What an operator chose to hold says nothing of the domain, unless there is nothing else.
    const auto other = std::ranges::find_if(answer_.deferred, [](const auto& one) { return !directory::is_chosen_key(one.destination); });
    const auto& most = other == answer_.deferred.end() ? answer_.deferred.front() : *other;
    facts.destination = most.destination;
    for (const auto& one : answer_.deferred) facts.waiting += one.recipients;
    // What others were taken since says nothing of a mailbox, nor does an end of one's own of who waits.
    const bool own = most.destination.starts_with(here) || (last && last->given_up());
    if (most.attempts > 0 && (own || !last || last->at <= most.last_tried + std::chrono::seconds{5})) {
      facts.delivered = false;
      facts.failure = delivery::failure_class_of(most.failure_class);
      facts.reply = most.last_reply, facts.attempts = most.attempts, facts.next_try = most.next_due, facts.gives_up = most.gives_up;
    }
  }
  if (!answer_.recipients.empty()) {
    const auto& example = answer_.recipients.front().item;
    sender = example.sender, sent_by = example.sent_by, recipient = example.recipient;
    if (const auto* waits = waits_for_mailbox(answer_.recipients, facts.destination, facts.reply); waits != nullptr && facts.destination.starts_with(here))
      recipient = waits->recipient;
    if (facts.destination.empty()) facts.destination = example.destination;
    facts.waiting = std::max<std::uint64_t>(facts.waiting, answer_.recipients.size());
    facts.delivered = false;
  }
  if (is_key) facts.destination = domain;
  if (!is_key || facts.destination.starts_with(here)) take_plan(facts, sender, recipient);
  if (facts.destination.empty() || std::ranges::find(answer_.destinations, facts.destination, &delivery::DestinationNow::key) == answer_.destinations.end())
    if (!answer_.destinations.empty() && !is_key) facts.destination = answer_.destinations.front().key;  // the MX set rather than the name
  delivery::QueueItem example;
  example.sender = sender, example.sent_by = sent_by, example.recipient = recipient;
  if (!answer_.deferred.empty()) example.state = delivery::QueueState::Deferred;
  take_hold(facts, example);
  take_redirect(facts, domain, last);
  take_state(facts);
  take_last_try(facts);
  if (facts.state && facts.state->next_probe) facts.next_try = facts.state->next_probe;
  ask_dns(facts);
  if (facts.failure == delivery::FailureClass::Policy || facts.failure == delivery::FailureClass::PolicyRefused) check_policy(facts, sender);
  return facts;
}

}  // namespace hikyaku::cli
