#include "services/signing/outgoing.h"

#include <algorithm>

#include "protocol/arc/sealing.h"
#include "protocol/dkim/signing.h"
#include "protocol/dmarc/evaluation.h"

namespace hikyaku::signing {
namespace {

constexpr Duration look_again = std::chrono::milliseconds{5};
constexpr int most_looks = 2'000;

std::vector<std::string> names_of(const std::vector<directory::DkimKey>& keys, const std::optional<directory::DkimKey>& seal) {
  std::vector<std::string> names;
  for (const auto& key : keys) names.push_back(key.domain + " " + key.selector + " " + key.name);
  if (seal) names.push_back("seal " + seal->domain + " " + seal->selector + " " + seal->name);
  return names;
}

std::optional<std::string> author_of(const dkim::Message& message) {
  auto author = dmarc::author_domain(message.fields());
  if (!author) return std::nullopt;
  return std::move(*author);
}

std::size_t signatures_in(std::string_view fields) {
  constexpr std::string_view begins = "DKIM-Signature:";
  std::size_t count = 0;
  for (auto at = fields.find(begins); at != std::string_view::npos; at = fields.find(begins, at + 1)) ++count;
  return count;
}

template <class Terms>
Terms terms_of(const directory::DkimKey& key, WallTime now) {
  Terms terms;
  terms.algorithm = key.algorithm;
  terms.domain = key.domain;
  terms.selector = key.selector;
  terms.unix_time = static_cast<std::uint64_t>(std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count());
  return terms;
}

}  // namespace

std::optional<WallTime> OutgoingSigner::came_back() { return std::exchange(was_away_since_, std::nullopt); }

Duration OutgoingSigner::pause_of_retries(WallTime now) const {
  return away_since_ ? std::clamp<Duration>(now - *away_since_, shortest_pause, longest_pause) : shortest_pause;
}

void OutgoingSigner::went_away() {
  const auto now = clock_.wall();
  if (away_since_ && now - told_away_at_ < told_again) return;
  if (!away_since_) away_since_ = now;
  told_away_at_ = now;
  log_.write(telemetry::events::signer_away, {.since = *away_since_});
}

std::optional<SignedCopy> OutgoingSigner::kept(const directory::Snapshot& directory, const Envelope& envelope, Origin origin) {
  const auto found = kept_.find(envelope.id);
  if (found == kept_.end()) return std::nullopt;
  const auto& made = found->second;
  const auto keys = keys_for(directory, origin, envelope.reverse_path, made.author);
  const auto seal = seal_key_for(directory, origin, envelope.reverse_path);
  if (keys.empty() && !seal) return SignedCopy{};
  if (names_of(keys, seal) != made.keys || clock_.now() - made.made > kept_for) return std::nullopt;
  return SignedCopy{SignedCopy::State::Ready, made.fields};
}

bool OutgoingSigner::needs_signer(const directory::Snapshot& directory, const Envelope& envelope, Origin origin, const std::optional<std::string>& author) {
  return !keys_for(directory, origin, envelope.reverse_path, author).empty() || seal_key_for(directory, origin, envelope.reverse_path);
}

void OutgoingSigner::keep(const TraceId& id, Kept made) {
  authors_.erase(id);
  if (kept_.size() >= most_kept) {
    const auto oldest = std::ranges::min_element(kept_, {}, [](const auto& one) { return one.second.made; });
    const auto before = oldest->second.made + kept_for / 48;  // a sweep is not for one place alone
    std::erase_if(kept_, [&](const auto& one) { return one.second.made <= before; });
  }
  kept_.insert_or_assign(id, std::move(made));
}

Task<SignedCopy> OutgoingSigner::sign(std::shared_ptr<const directory::Snapshot> directory, const Envelope& envelope,
                                      std::span<const io::IpNetwork> relay_networks, std::string authserv_id, const Feed& feed) {
  if (!directory || !signs_any(*directory)) co_return SignedCopy{};
  const auto origin = origin_of(envelope, *directory, relay_networks);
  if (origin == Origin::Elsewhere && !seal_key_for(*directory, origin, envelope.reverse_path)) co_return SignedCopy{};
  // Another destination of the same message may be at it: its fields serve here too.
  for (int looks = 0; under_way_.contains(envelope.id) && looks < most_looks; ++looks) {
    const auto outcome = co_await loop_.sleep_until(loop_.after(look_again));
    if (outcome == io::Wake::Cancelled) co_return SignedCopy{SignedCopy::State::Away, {}};
  }
  if (auto made = kept(*directory, envelope, origin)) co_return std::move(*made);
  if (const auto author = authors_.find(envelope.id); author != authors_.end() && others_ask() && needs_signer(*directory, envelope, origin, author->second))
    co_return SignedCopy{SignedCopy::State::Away, {}};
  under_way_.insert(envelope.id);
  auto making = make(std::move(directory), envelope, origin, std::move(authserv_id), feed);
  auto copy = co_await std::move(making);
  under_way_.erase(envelope.id);
  if (copy.state == SignedCopy::State::Away) went_away();
  co_return copy;
}

Task<SignedCopy> OutgoingSigner::make(std::shared_ptr<const directory::Snapshot> directory, const Envelope& envelope, Origin origin, std::string authserv_id, const Feed& feed) {
  // What others signed is not judged here: no hash is made for it.
  dkim::MessageLimits limits;
  limits.most_signatures = 0;
  dkim::Message message(limits, {dkim::SignTerms{}.body()});
  auto feeding = feed(message);
  const bool whole = co_await std::move(feeding);
  if (!whole) co_return SignedCopy{SignedCopy::State::Unreadable, {}};
  Kept made{author_of(message), {}, {}, clock_.now()};
  const auto keys = keys_for(*directory, origin, envelope.reverse_path, made.author);
  const auto seal = seal_key_for(*directory, origin, envelope.reverse_path);
  if (others_ask() && (!keys.empty() || seal)) {
    if (authors_.size() >= most_authors) authors_.clear();
    authors_.insert_or_assign(envelope.id, made.author);
    co_return SignedCopy{SignedCopy::State::Away, {}};
  }
  made.keys = names_of(keys, seal);
  bool whole_set = true;  // of signatures
  if (!keys.empty()) {
    auto signing = fields_of(message, envelope, keys);
    auto fields = co_await std::move(signing);
    if (!fields) co_return SignedCopy{fields.error(), {}, keys.front().domain};
    made.fields = std::move(*fields);
    whole_set = made.fields.empty() || signatures_in(made.fields) == keys.size();
  }
  if (seal) {
    auto sealing = seal_of(message, envelope, *seal, std::move(authserv_id));
    const auto set = co_await std::move(sealing);
    if (!set) co_return SignedCopy{set.error(), {}};
    made.fields = *set + made.fields;
  }
  if (!whole_set) co_return SignedCopy{SignedCopy::State::Ready, made.fields};  // the next one may have all
  SignedCopy copy{SignedCopy::State::Ready, made.fields};
  keep(envelope.id, std::move(made));
  co_return copy;
}

// The fields, those of all keys that signed; none: the text has no header that can be signed. The error: why no key could sign.
Task<Result<std::string, SignedCopy::State>> OutgoingSigner::fields_of(const dkim::Message& message, const Envelope& envelope, const Keys& keys) {
  std::vector<dkim::ToSign> prepared;
  std::vector<SignItem> items;
  for (const auto& key : keys) {
    auto one = dkim::prepare_signature(message, terms_of<dkim::SignTerms>(key, clock_.wall()));
    if (!one) {
      log_.write(telemetry::events::mail_unsigned, {.message = envelope.id, .reason = one.error()});
      co_return std::string{};
    }
    items.push_back({key.name, one->digest});
    prepared.push_back(std::move(*one));
  }
  auto asking = ask(std::move(items), SignField::DkimSignature);
  const auto signatures = co_await std::move(asking);
  if (!signatures) co_return failure(signatures.error());
  std::string fields;
  for (std::size_t n = 0; n < prepared.size(); ++n)
    if ((*signatures)[n].state == Signature::State::Made) fields += prepared[n].field((*signatures)[n].octets);
  // One domain's lost key is not signer's absence: it stops nobody else's clocks.
  if (fields.empty()) co_return failure(SignedCopy::State::NoKey);
  co_return fields;
}

Task<Result<std::vector<Signature>, SignedCopy::State>> OutgoingSigner::ask(std::vector<SignItem> items, SignField field) {
  auto asking = client_.sign(std::move(items), field);
  auto signatures = co_await std::move(asking);
  if (!signatures) co_return failure(SignedCopy::State::Away);
  if (const auto since = std::exchange(away_since_, std::nullopt)) {
    was_away_since_ = std::min(was_away_since_.value_or(*since), *since);
    log_.write(telemetry::events::signer_back, {.since = *since});
  }
  co_return *std::move(signatures);
}

// What we found out when it came, as our field in its header says (RFC 8617 §5.1); without such a field there is nothing to pass on.
Task<Result<std::string, SignedCopy::State>> OutgoingSigner::seal_of(const dkim::Message& message, const Envelope& envelope, directory::DkimKey given, std::string authserv_id) {
  const auto key = std::move(given);
  const auto told = arc::told_status(message.fields(), authserv_id);
  const arc::Verification chain(message);
  if (!told || (*told == arc::Status::None && !chain.sets().empty())) co_return std::string{};
  auto terms = terms_of<arc::SealTerms>(key, clock_.wall());
  terms.authserv_id = std::move(authserv_id);
  auto sealing = arc::begin_sealing(message, chain.sets(), chain.verdict_as_told(*told), terms, arc::merged_results(message.fields(), terms.authserv_id));
  if (!sealing) {
    log_.write(telemetry::events::mail_unsigned, {.message = envelope.id, .reason = sealing.error()});
    co_return std::string{};
  }
  for (auto field = SignField::ArcMessageSignature; !sealing->done(); field = SignField::ArcSeal) {
    std::vector<SignItem> items{{key.name, sealing->digest()}};
    auto asking = ask(std::move(items), field);
    const auto signatures = co_await std::move(asking);
    if (!signatures) co_return failure(signatures.error());
    // Without a signature of ours nothing is claimed that is not so: a key that is lost keeps nobody's mail back.
    if (signatures->front().state != Signature::State::Made) {
      log_.write(telemetry::events::mail_unsigned, {.message = envelope.id, .reason = "it is not sealed: signer has no usable key " + key.selector + " of " + key.domain});
      co_return std::string{};
    }
    sealing->take(signatures->front().octets);
  }
  co_return sealing->fields();
}

}  // namespace hikyaku::signing
