// Scanning for viruses: after the text, before the flush that 250 stands for. What [scanning] says decides; our own trouble with the
// scanner is 4xx, and nothing counts as clean that the scanner did not call so.
#include "apps/receive/arrived_text.h"
#include "apps/receive/session.h"
#include "base/cursor.h"

namespace hikyaku::receive {
namespace {

namespace events = telemetry::events;

std::optional<scanning::ScannerOptions> options_of(const settings::ScanningSection& scanning) {
  const auto clamd = scanning::clamd_address(scanning.clamd());
  if (!clamd) return std::nullopt;
  scanning::ScannerOptions options;
  options.clamd = *clamd;
  options.connect_limit = scanning.connect_timeout();
  options.idle_limit = scanning.idle_timeout();
  options.scan_limit = scanning.timeout();
  options.at_once = static_cast<std::size_t>(scanning.parallel());
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

// Above everything; the last that is put there comes first.
enum class When : std::uint8_t { Scanned, NotScanned };
std::vector<filters::HeaderEdit> marks_of(const std::string& hostname, std::string_view status, When when) {
  using Kind = filters::HeaderEdit::Kind;
  std::vector<filters::HeaderEdit> edits{{Kind::Insert, 0, "X-Virus-Status", " " + std::string(status)}};
  if (when == When::Scanned) edits.push_back({Kind::Insert, 0, "X-Virus-Scanned", " by " + hostname + " (ClamAV)"});
  return edits;
}

std::string_view why_unscanned(scanning::Outcome outcome) {
  switch (outcome) {
    case scanning::Outcome::TooLarge: return "Not scanned (too large)";
    case scanning::Outcome::Away: return "Not scanned (the scanner is away)";
    case scanning::Outcome::Slow: return "Not scanned (the scanner did not answer in time)";
    case scanning::Outcome::NotAsked: return "Not scanned (it could not be given to the scanner)";
    default: return "Not scanned (the scanner failed)";
  }
}

}  // namespace

bool Session::is_to_be_scanned() const {
  const auto& scanning = policies_->settings->scanning;
  return !scanning.clamd().empty() && (scanning.unscanned_networks().empty() || !settings::address_is_in(client_, scanning.unscanned_networks()));
}

Task<filters::Heard> Session::scan(Arrival& arrival, Envelope& envelope) {
  if (!is_to_be_scanned()) co_return Heard{};
  const auto& wanted = policies_->settings->scanning;
  const auto options = options_of(wanted);
  scanning::Scan result{scanning::Outcome::Failed, {}, "[scanning] clamd is no socket"};
  if (options) {
    ArrivedText text(front_.loop, front_.reception.workers, arrival.sink);
    auto scanning = front_.scanner.scan(*options, text, arrival.sink.octets());
    result = co_await std::move(scanning);
  }
  using scanning::Outcome;
  if (result.outcome == Outcome::Clean || result.outcome == Outcome::Infected) front_.reception.checkers.well("clamd");
  else if (result.outcome != Outcome::TooLarge && result.outcome != Outcome::NotAsked) front_.reception.checkers.failed("clamd", result.words);
  if (result.outcome == Outcome::Infected) co_return take_found(arrival, envelope, result.name);
  if (result.outcome != Outcome::Clean) co_return take_unscanned(arrival, envelope, result);
  Heard clean;
  if (wanted.header()) clean.edits = marks_of(policies_->hostname, "Clean", When::Scanned);
  co_return clean;
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
  if (!arrival.told.empty()) said.reply = arrival.told;
  if (!said.octets) said.octets = arrival.sink.octets();
  front_.reception.service.log().write(event, said);
}

filters::Heard Session::take_found(Arrival& arrival, const Envelope& envelope, const std::string& name) {
  const auto& wanted = policies_->settings->scanning;
  const bool unwanted = is_unwanted(name, wanted.unwanted_names());
  const auto& action = unwanted ? wanted.on_unwanted() : wanted.on_infected();
  if (action == "refuse") {
    const smtp::Reply reply{550, {5, 7, 1}, std::string(unwanted ? "The message carries unwanted software: " : "The message carries a virus: ") + name};
    const auto line = reply.line();
    log_scan(events::virus_found, arrival, envelope, {.reply = line, .text = name});
    return {Heard::Kind::Refuse, reply, {}, {}};
  }
  log_scan(events::virus_found, arrival, envelope, {.text = name});
  if (action == "quarantine") return {Heard::Kind::Quarantine, {}, (unwanted ? "unwanted " : "virus ") + name, {}};
  if (action != "pass") return {Heard::Kind::Pass, {}, {}, marks_of(policies_->hostname, (unwanted ? "Unwanted (" : "Infected (") + name + ")", When::Scanned)};
  if (wanted.header()) return {Heard::Kind::Pass, {}, {}, marks_of(policies_->hostname, "Clean", When::Scanned)};
  return {};
}

filters::Heard Session::take_unscanned(Arrival& arrival, const Envelope& envelope, const scanning::Scan& scan) {
  const auto& wanted = policies_->settings->scanning;
  const bool large = scan.outcome == scanning::Outcome::TooLarge;
  const auto& action = large ? wanted.too_large() : wanted.when_away();
  if (action == "pass") {
    log_scan(events::scan_failed, arrival, envelope, {.reason = scan.words});
    return {Heard::Kind::Pass, {}, {}, marks_of(policies_->hostname, why_unscanned(scan.outcome), When::NotScanned)};
  }
  smtp::Reply reply{451, {4, 3, 0}, "The message could not be scanned for viruses, try again later"};
  if (large && action == "defer") reply = {451, {4, 3, 4}, "The message is too large to be scanned for viruses, try again later"};
  if (large && action == "refuse") reply = {552, {5, 3, 4}, "The message is too large to be scanned for viruses"};
  const auto line = reply.line();
  log_scan(events::scan_failed, arrival, envelope, {.reply = line, .reason = scan.words});
  return {reply.is_permanent() ? Heard::Kind::Refuse : Heard::Kind::Defer, reply, {}, {}};
}

}  // namespace hikyaku::receive
