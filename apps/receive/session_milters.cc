// Milters: asked about recipients at RCPT where the settings say so, about everything else when the text is there.
#include "apps/receive/arrived_text.h"
#include "apps/receive/session.h"
#include "protocol/smtp/address.h"
#include "services/policy/client_name.h"

namespace hikyaku::receive {
namespace {

namespace events = telemetry::events;
using settings::FilterRow;

// A body that a milter gives in place of the message's. Its lines end as mail's do, whatever it sends.
class NewBody final : public filters::BodySink {
 public:
  NewBody(io::Loop& loop, io::Workers& workers, spool::MessageSink sink) : loop_(loop), workers_(workers), sink_(std::move(sink)) {}

  Task<bool> take(std::string given) override {
    const std::string piece = std::move(given);
    std::string octets;
    octets.reserve(piece.size() + piece.size() / 32);
    for (const char octet : piece) {
      if (octet == '\r') continue;
      if (octet == '\n') octets += '\r';
      octets += octet;
      eight_bit_ = eight_bit_ || (static_cast<unsigned char>(octet) & 0x80U) != 0;
    }
    sink_.append(octets);
    if (!sink_.should_spill()) co_return true;
    auto spilling = workers_.run(loop_, [sink = &sink_] { return sink->spill(); });
    const auto spilled = co_await std::move(spilling);
    co_return spilled && *spilled;
  }
  [[nodiscard]] spool::MessageSink release() { return std::move(sink_); }
  [[nodiscard]] bool eight_bit() const { return eight_bit_; }

 private:
  io::Loop& loop_;
  io::Workers& workers_;
  spool::MessageSink sink_;
  bool eight_bit_ = false;
};

// "<user@a.example>", "user@a.example"
std::optional<Address> address_of(std::string_view text) {
  if (text.starts_with('<') && text.ends_with('>')) text = text.substr(1, text.size() - 2);
  auto address = smtp::parse_address(text);
  return address ? std::optional(*std::move(address)) : std::nullopt;
}

std::string in_brackets(const Address& address) { return "<" + address.text() + ">"; }

}  // namespace

std::unique_ptr<filters::MilterTalk> Session::new_talk(const FilterRow& row) {
  return std::make_unique<filters::MilterTalk>(front_.loop, row, front_.asked.of(row), ask_terms(), policies_->settings->smtp.message_size().octets);
}

filters::MilterFacts Session::milter_facts(const ReversePath& sender, const TraceId* id) const {
  filters::MilterFacts facts;
  const auto name = address_ ? policy::client_name_known(*address_, answers_) : std::nullopt;
  facts.peer.address = client_;
  facts.peer.port = peer_.peer().is_ip() ? peer_.peer().port() : std::uint16_t{0};
  facts.peer.name = name && !name->name.empty() ? name->name : client_.empty() ? "localhost" : "[" + client_ + "]";
  facts.helo = talk_.helo();
  facts.mail = {"<" + sender.text() + ">"};
  if (talk_.envelope().body_type != BodyType::SevenBit) facts.mail.emplace_back("BODY=8BITMIME");
  if (talk_.envelope().smtputf8) facts.mail.emplace_back("SMTPUTF8");
  facts.of_connection = {{"j", policies_->hostname}, {"{daemon_name}", std::string(port_names[static_cast<std::size_t>(port_)])}, {"v", "Hikyaku"}, {"{client_addr}", client_}, {"{client_name}", facts.peer.name}};
  if (const auto& tls = talk_.tls()) {
    const auto space = tls->description.find(' ');
    facts.of_hello = {{"{tls_version}", tls->description.substr(0, space)}};
    if (space != std::string::npos) facts.of_hello.emplace_back("{cipher}", tls->description.substr(space + 1));
  }
  facts.of_mail = {{"{mail_addr}", sender.text()}};
  if (id != nullptr) facts.of_mail.emplace_back("i", id->text());
  if (account_ != AccountId{}) {
    facts.of_mail.emplace_back("{auth_type}", mechanism_);
    facts.of_mail.emplace_back("{auth_authen}", talk_.account());
  }
  return facts;
}

// ---- at RCPT -----------------------------------------------------------------------------------------------------------

Task<smtp::Verdict> Session::ask_milters_at_rcpt(Address given, Spared spared) {
  const Address recipient = std::move(given);
  const auto& rows = policies_->milters;
  if (policies_->policy.rules.mode(policy::RuleId::Milter) == policy::Mode::Off) co_return std::nullopt;
  open_->milters.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].at != FilterRow::At::Recipient || !concerns(rows[i])) continue;
    Heard heard;
    if (!open_->milters[i]) {
      open_->milters[i] = new_talk(rows[i]);
      auto beginning = open_->milters[i]->begin(milter_facts(talk_.envelope().reverse_path, nullptr));
      heard = co_await std::move(beginning);
    }
    if (heard.kind == Heard::Kind::Pass) {
      auto asking = open_->milters[i]->recipient(in_brackets(recipient), {{"{rcpt_addr}", recipient.text()}});
      heard = co_await std::move(asking);
    }
    if (heard.kind == Heard::Kind::Trouble) {
      const auto away = when_away(rows[i], policy::RuleId::Milter, heard);
      if (away.kind != Heard::Kind::Pass && spared == Spared::No) co_return away.reply;
      continue;
    }
    // What it wants done to the message it says again when the text is there.
    if (heard.kind == Heard::Kind::Pass || heard.kind == Heard::Kind::Quarantine) continue;
    const auto found = judged(policy::RuleId::Milter, rows[i].name, std::move(heard), recipient.text());
    if (found.kind == Heard::Kind::Pass || spared == Spared::Yes) continue;
    open_->refused_by = {"milter", found.why, {}};
    co_return found.reply;
  }
  co_return std::nullopt;
}

// ---- at the end of the text ----------------------------------------------------------------------------------------------

Task<filters::Heard> Session::ask_milters(Arrival& arrival, Envelope& envelope) {
  const auto& rows = policies_->milters;
  if (rows.empty() || policies_->policy.rules.mode(policy::RuleId::Milter) == policy::Mode::Off) co_return Heard{};
  open_->milters.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!concerns(rows[i])) continue;
    Heard heard;
    if (!open_->milters[i]) {
      open_->milters[i] = new_talk(rows[i]);
      auto beginning = open_->milters[i]->begin(milter_facts(envelope.reverse_path, &arrival.id));
      heard = co_await std::move(beginning);
      if (heard.kind == Heard::Kind::Pass) {
        auto telling = tell_recipients(*open_->milters[i], arrival, envelope);
        heard = co_await std::move(telling);
      }
    }
    if (envelope.recipients.empty()) {
      auto finishing = open_->milters[i]->finish();
      co_await std::move(finishing);
      co_return Heard{};
    }
    if (heard.kind == Heard::Kind::Pass) {
      auto asking = ask_milter(*open_->milters[i], arrival, envelope);
      heard = co_await std::move(asking);
    }
    if (heard.kind == Heard::Kind::Trouble) {
      heard = when_away(rows[i], policy::RuleId::Milter, heard);
    } else {
      front_.reception.checkers.well(rows[i].name);
      heard = judged(policy::RuleId::Milter, rows[i].name, std::move(heard), envelope.recipients.front().address.text(), &arrival.id);
    }
    auto finishing = open_->milters[i]->finish();
    co_await std::move(finishing);
    if (arrival.trouble || !take_heard(arrival, envelope, heard)) co_return Heard{};
    if (heard.edits.empty()) continue;
    // The next one sees them.
    auto editing = edit_header(arrival, std::move(heard.edits));
    const bool edited = co_await std::move(editing);
    if (!edited) co_return Heard{};
  }
  co_return Heard{};
}

// One recipient's refusal is none of the others': where the client hears of each it is told, else that copy is kept back.
Task<filters::Heard> Session::tell_recipients(filters::MilterTalk& talk, Arrival& arrival, Envelope& envelope) {
  const bool each = talk_.answers_each_recipient();
  std::vector<std::pair<Address, Heard>> against;
  for (const auto& recipient : envelope.recipients) {
    const auto to = recipient.address.text();
    auto asking = talk.recipient(in_brackets(recipient.address), {{"{rcpt_addr}", to}});
    auto heard = co_await std::move(asking);
    if (heard.kind == Heard::Kind::Trouble || (heard.kind == Heard::Kind::Defer && !each)) co_return heard;
    if (talk.is_done()) break;
    if (heard.kind == Heard::Kind::Refuse || heard.kind == Heard::Kind::Defer) against.emplace_back(recipient.address, std::move(heard));
  }
  if (!each && !against.empty() && against.size() == envelope.recipients.size()) co_return std::move(against.back().second);
  for (auto& [recipient, heard] : against) {
    const auto to = recipient.text();
    if (!each) heard = Heard{Heard::Kind::Quarantine, {}, std::move(heard.why), {}};
    const auto found = judged(policy::RuleId::Milter, talk.row().name, std::move(heard), to, &arrival.id);
    if (found.kind == Heard::Kind::Pass || is_spared(recipient)) continue;
    if (each) arrival.outcome.refuse(to, found.reply);
    else arrival.outcome.keep_back(to, found.why);
  }
  take_out_refused(arrival, envelope);
  co_return Heard{};
}

Task<filters::Heard> Session::ask_milter(filters::MilterTalk& talk, Arrival& arrival, Envelope& envelope) {
  ArrivedText text(front_.loop, front_.reception.workers, arrival.sink, arrival.ours);
  NewBody body(front_.loop, front_.reception.workers, front_.reception.incoming.new_sink());
  auto asking = talk.text(text, {{"i", arrival.id.text()}}, body);
  auto heard = co_await std::move(asking);
  const bool counts = policies_->policy.rules.mode(policy::RuleId::Milter) == policy::Mode::Enforce;
  if (heard.kind == Heard::Kind::Trouble || !counts || talk.is_done()) co_return heard;
  if (body.eight_bit() && envelope.body_type == BodyType::SevenBit) envelope.body_type = BodyType::EightBitMime;
  auto carrying = carry_out_changes(talk, arrival, envelope, body.release());
  co_await std::move(carrying);
  co_return heard;
}

// All but the header fields. False: arrival.trouble says why.
Task<bool> Session::carry_out_changes(filters::MilterTalk& talk, Arrival& arrival, Envelope& envelope, spool::MessageSink given) {
  spool::MessageSink new_body = std::move(given);
  const auto& changes = talk.changes();
  if (!changes.any()) co_return true;
  const std::string what = std::to_string(changes.headers.size()) + " header fields" + (changes.body ? ", the body" : "") + (changes.sender ? ", the sender" : "") + (changes.added_recipients.empty() ? "" : ", recipients added") +
                           (changes.deleted_recipients.empty() ? "" : ", recipients taken out");
  auto said = fields();
  said.message = arrival.id;
  said.text = talk.row().name;
  said.reason = what;
  front_.reception.service.log().write(events::filter_changed, said);
  change_envelope(talk, arrival, envelope);
  if (!changes.body) co_return true;
  auto reading = header_of(ArrivedText(front_.loop, front_.reception.workers, arrival.sink));
  auto header = co_await std::move(reading);
  if (!header) {
    arrival.trouble = smtp::Reply{451, {4, 3, 0}, "The message could not be read, try again later"};
    co_return false;
  }
  if (!header->ends_with("\r\n\r\n")) *header += "\r\n";
  const auto ours = arrival.ours;
  arrival.sink = std::move(new_body);
  auto putting = put_first(arrival, *std::move(header), 0);
  const bool put = co_await std::move(putting);
  arrival.ours = ours;
  co_return put;
}

// Who is taken out is not forgotten: that copy goes into quarantine.
void Session::change_envelope(const filters::MilterTalk& talk, Arrival& arrival, Envelope& envelope) {
  const auto& changes = talk.changes();
  if (changes.sender) {
    if (*changes.sender == "<>" || changes.sender->empty()) envelope.reverse_path = {};
    else if (auto sender = address_of(*changes.sender)) envelope.reverse_path = {*std::move(sender)};
  }
  // Who is to have everything keeps his copy (the postmaster).
  for (const auto& text : changes.deleted_recipients)
    if (const auto address = address_of(text); address && !is_spared(*address)) arrival.outcome.keep_back(address->text(), talk.row().name + ": it took this recipient out");
  for (const auto& text : changes.added_recipients) {
    auto address = address_of(text);
    if (!address) continue;
    const auto is_it = [&](const Recipient& one) { return one.address == *address; };
    if (std::ranges::none_of(envelope.recipients, is_it)) envelope.recipients.push_back({.address = *std::move(address)});
  }
}

}  // namespace hikyaku::receive
