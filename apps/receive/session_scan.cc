// Scanning for viruses: after the text, before the flush that 250 stands for. What [scanning] says decides; our own trouble with the
// scanner is 4xx, and nothing counts as clean that the scanner did not call so.
#include "apps/receive/session.h"
#include "base/cursor.h"

namespace hikyaku::receive {
namespace {

namespace events = telemetry::events;
constexpr std::uint64_t read_at_once = 256 << 10;

// What a session has of a text: a file when it is large, read on workers, then memory.
class ArrivedText final : public scanning::Text {
 public:
  ArrivedText(io::Loop& loop, io::Workers& workers, const spool::MessageSink& sink) : loop_(loop), workers_(workers), sink_(sink) {}

  Task<Result<std::string_view, std::string>> next() override {
    if (at_ < sink_.spilled_octets()) {
      auto reading = workers_.run(loop_, [this] { return sink_.read_spilled(at_, std::min(read_at_once, sink_.spilled_octets() - at_)); });
      auto read = co_await std::move(reading);
      if (!read) co_return failure(std::string("all workers are busy"));
      if (!*read) co_return failure(read->error().what);
      piece_ = **std::move(read);
      at_ += piece_.size();
      co_return std::string_view(piece_);
    }
    if (chunk_ == sink_.in_memory().size()) co_return std::string_view{};
    co_return std::string_view(sink_.in_memory()[chunk_++]);
  }

 private:
  io::Loop& loop_;
  io::Workers& workers_;
  const spool::MessageSink& sink_;
  std::uint64_t at_ = 0;
  std::size_t chunk_ = 0;
  std::string piece_;
};

std::optional<scanning::ScannerOptions> options_of(const settings::ScanningSection& scanning, std::size_t loops) {
  const auto clamd = scanning::clamd_address(scanning.clamd());
  if (!clamd) return std::nullopt;
  scanning::ScannerOptions options;
  options.clamd = *clamd;
  options.connect_limit = scanning.connect_timeout();
  options.idle_limit = scanning.idle_timeout();
  options.scan_limit = scanning.timeout();
  // Each loop has its share.
  options.at_once = std::max<std::size_t>(1, static_cast<std::size_t>(scanning.parallel()) / loops);
  options.most_octets = scanning.size().octets;
  return options;
}

// "Adware" names Win.Adware.Gen-1 too: what stands before the first dot is the platform.
bool is_unwanted(std::string_view name, const settings::Texts& beginnings) {
  const auto behind_platform = name.substr(std::min(name.find('.') + 1, name.size()));
  return std::ranges::any_of(beginnings, [&](const std::string& beginning) {
    return !beginning.empty() && (starts_with_ignoring_case(name, beginning) || starts_with_ignoring_case(behind_platform, beginning));
  });
}

enum class When : std::uint8_t { Scanned, NotScanned };
std::string fields_of_scan(const std::string& hostname, std::string_view status, When when) {
  std::string fields;
  if (when == When::Scanned) fields += "X-Virus-Scanned: by " + hostname + " (ClamAV)\r\n";
  return fields + "X-Virus-Status: " + std::string(status) + "\r\n";
}

std::string_view why_unscanned(scanning::Outcome outcome) {
  switch (outcome) {
    case scanning::Outcome::TooLarge: return "Not scanned (too large)";
    case scanning::Outcome::Away: return "Not scanned (the scanner is away)";
    case scanning::Outcome::Slow: return "Not scanned (the scanner did not answer in time)";
    default: return "Not scanned (the scanner failed)";
  }
}

}  // namespace

bool Session::is_to_be_scanned() const {
  const auto& scanning = policies_->settings->scanning;
  return !scanning.clamd().empty() && (scanning.unscanned_networks().empty() || !settings::address_is_in(client_, scanning.unscanned_networks()));
}

Task<Session::AfterScan> Session::scan(Arrival& arrival, const Envelope& envelope) {
  if (arrival.marks) arrival.sink.append(arrival.marks->finish());
  const auto& wanted = policies_->settings->scanning;
  const auto options = options_of(wanted, front_.reception.loops);
  scanning::Scan result{scanning::Outcome::Failed, {}, "[scanning] clamd is no socket"};
  if (options) {
    ArrivedText text(front_.loop, front_.reception.workers, arrival.sink);
    auto scanning = front_.scanner.scan(*options, text, arrival.sink.octets());
    result = co_await std::move(scanning);
  }
  using scanning::Outcome;
  auto concluding = result.outcome == Outcome::Infected ? take_found(arrival, envelope, result.name)
                    : result.outcome == Outcome::Clean  ? mark(arrival, wanted.header() ? fields_of_scan(policies_->hostname, "Clean", When::Scanned) : std::string{})
                                                        : take_unscanned(arrival, envelope, result);
  co_return co_await std::move(concluding);
}

// Before the text; of one in a file on a worker.
Task<Session::AfterScan> Session::mark(Arrival& arrival, std::string fields) {
  if (fields.empty()) co_return AfterScan::GoOn;
  if (!arrival.sink.spilled()) {
    (void)arrival.sink.put_first(std::move(fields));
    co_return AfterScan::GoOn;
  }
  auto putting = front_.reception.workers.run(front_.loop, [&arrival, &fields] { return arrival.sink.put_first(std::move(fields)); });
  const auto put = co_await std::move(putting);
  if (!put || !*put) arrival.trouble = smtp::Reply{451, {4, 3, 0}, "The message could not be stored, try again later"};
  co_return AfterScan::GoOn;
}

void Session::log_scan(const telemetry::Event& event, const Arrival& arrival, const Envelope& envelope, telemetry::Fields said) {
  const auto sender = envelope.reverse_path.text();
  const auto first = envelope.recipients.empty() ? std::string{} : envelope.recipients.front().address.text();
  const auto here = fields();
  said.client = here.client, said.listener = here.listener, said.connection = here.connection;
  said.message = arrival.id;
  said.sender = sender;
  said.null_sender = sender.empty();
  said.recipient = first;
  said.count = envelope.recipients.size();
  said.account = talk_.account();
  said.octets = arrival.sink.octets();
  front_.reception.service.log().write(event, said);
}

Task<Session::AfterScan> Session::take_found(Arrival& arrival, const Envelope& envelope, std::string name) {
  const auto& wanted = policies_->settings->scanning;
  const bool unwanted = is_unwanted(name, wanted.unwanted_names());
  const auto& action = unwanted ? wanted.on_unwanted() : wanted.on_infected();
  if (action == "refuse") {
    const smtp::Reply reply{550, {5, 7, 1}, std::string(unwanted ? "The message carries unwanted software: " : "The message carries a virus: ") + name};
    const auto line = reply.line();
    log_scan(events::virus_found, arrival, envelope, {.reply = line, .text = name});
    refuse_message(arrival.id, reply);
    co_return AfterScan::Answered;
  }
  log_scan(events::virus_found, arrival, envelope, {.text = name});
  if (action == "quarantine") {
    auto putting = put_into_quarantine(arrival, envelope, (unwanted ? "unwanted " : "virus ") + name);
    co_return co_await std::move(putting);
  }
  std::string fields;
  if (action != "pass") fields = fields_of_scan(policies_->hostname, (unwanted ? "Unwanted (" : "Infected (") + name + ")", When::Scanned);
  else if (wanted.header()) fields = fields_of_scan(policies_->hostname, "Clean", When::Scanned);
  auto marking = mark(arrival, std::move(fields));
  co_return co_await std::move(marking);
}

// 250 is said when the file is on stable storage: as with the journal.
Task<Session::AfterScan> Session::put_into_quarantine(Arrival& arrival, Envelope envelope, std::string why) {
  envelope.id = arrival.id;
  envelope.accepted_at = front_.reception.clock.wall();
  envelope.body_octets = arrival.sink.octets();
  const quarantine::Entry entry{std::move(envelope), std::move(why), front_.reception.clock.wall(), arrival.sink.octets()};
  const auto& sink = arrival.sink;
  const quarantine::Source text = [&sink](const quarantine::To& to) -> spool::SpoolResult<> {
    for (std::uint64_t at = 0; at < sink.spilled_octets();) {
      TRY(piece, sink.read_spilled(at, std::min(read_at_once, sink.spilled_octets() - at)));
      TRY_VOID(to(piece));
      at += piece.size();
    }
    for (const auto& chunk : sink.in_memory()) TRY_VOID(to(chunk));
    return {};
  };
  auto depositing = front_.reception.workers.run(front_.loop, [this, &entry, &text] { return front_.reception.quarantine.deposit(entry, text); });
  const auto deposited = co_await std::move(depositing);
  if (deposited && *deposited) {
    log_scan(events::mail_quarantined, arrival, entry.envelope, {.reason = entry.why});
    talk_.message_committed(arrival.id);
    co_return AfterScan::Answered;
  }
  const bool full = deposited && deposited->error().kind == spool::SpoolFailure::NoSpace;
  front_.reception.service.log().write(events::storage_trouble, {.message = arrival.id, .text = "quarantine", .reason = deposited ? deposited->error().what : "all workers are busy"});
  arrival.trouble = full ? smtp::Reply{452, {4, 3, 1}, "There is no room for this message, try again later"} : smtp::Reply{451, {4, 3, 0}, "The message could not be stored, try again later"};
  co_return AfterScan::GoOn;
}

Task<Session::AfterScan> Session::take_unscanned(Arrival& arrival, const Envelope& envelope, scanning::Scan scan) {
  const auto& wanted = policies_->settings->scanning;
  const bool large = scan.outcome == scanning::Outcome::TooLarge;
  const auto& action = large ? wanted.too_large() : wanted.when_away();
  if (action == "pass") {
    log_scan(events::scan_failed, arrival, envelope, {.reason = scan.words});
    auto marking = mark(arrival, fields_of_scan(policies_->hostname, why_unscanned(scan.outcome), When::NotScanned));
    co_return co_await std::move(marking);
  }
  smtp::Reply reply{451, {4, 3, 0}, "The message could not be scanned for viruses, try again later"};
  if (large && action == "defer") reply = {451, {4, 3, 4}, "The message is too large to be scanned for viruses, try again later"};
  if (large && action == "refuse") reply = {552, {5, 3, 4}, "The message is too large to be scanned for viruses"};
  const auto line = reply.line();
  log_scan(events::scan_failed, arrival, envelope, {.reply = line, .reason = scan.words});
  if (reply.is_permanent()) {
    refuse_message(arrival.id, reply);
    co_return AfterScan::Answered;
  }
  arrival.trouble = reply;
  co_return AfterScan::GoOn;
}

}  // namespace hikyaku::receive
