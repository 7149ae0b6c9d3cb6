#include "protocol/dkim/message.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

#include "base/check.h"
#include "base/cursor.h"

namespace hikyaku::dkim {
namespace {

// Gathers small pieces, counts, and lets no more than l= through to the hash.
class Stage {
 public:
  explicit Stage(std::uint64_t most) : left_(most) {}

  void operator()(std::string_view piece) {
    octets_ += piece.size();
    if (piece.size() > left_) piece = piece.substr(0, static_cast<std::size_t>(left_));
    left_ -= piece.size();
    if (piece.size() > staged_.size() - used_) flush();
    if (piece.size() > staged_.size()) return hash_.add(piece);
    std::memcpy(staged_.data() + used_, piece.data(), piece.size());
    used_ += piece.size();
  }
  BodyHash finish() {
    flush();
    return {hash_.finish(), octets_};
  }

 private:
  void flush() {
    hash_.add({staged_.data(), used_});
    used_ = 0;
  }
  std::uint64_t left_, octets_ = 0;
  Sha256 hash_;
  std::size_t used_ = 0;
  std::array<char, 2048> staged_;
};

}  // namespace

// ---- the body

struct BodyHasher::Parts {
  CanonicalBody<Stage> body;
};

BodyHasher::BodyHasher(BodyTerms terms)
    : parts_(new Parts{{terms.form, Stage(terms.octets.value_or(std::numeric_limits<std::uint64_t>::max()))}}) {}
BodyHasher::~BodyHasher() = default;
BodyHasher::BodyHasher(BodyHasher&&) noexcept = default;
BodyHasher& BodyHasher::operator=(BodyHasher&&) noexcept = default;
void BodyHasher::feed(std::string_view chunk) { parts_->body.feed(chunk); }
BodyHash BodyHasher::finish() {
  parts_->body.finish();
  return parts_->body.sink().finish();
}

// ---- the fields

FieldIndex::FieldIndex(std::string_view header) {
  mime::HeaderReader reader(header);
  while (const auto field = reader.next()) fields_.push_back(*field);
  by_name_.reserve(fields_.size());
  for (std::uint32_t place = 0; place < fields_.size(); ++place)
    if (!fields_[place].name.empty()) by_name_.push_back({ascii_lower(fields_[place].name), place});
  std::ranges::sort(by_name_, {}, [](const Entry& one) { return std::pair(std::string_view(one.lower_name), one.field); });
}

std::vector<const mime::HeaderField*> FieldIndex::select(const std::vector<std::string>& lower_names, const mime::HeaderField* self) const {
  std::vector<const mime::HeaderField*> chosen;
  std::vector<std::uint32_t> taken(by_name_.size());  // by where a name's entries begin
  for (const auto& name : lower_names) {
    const auto same = std::ranges::equal_range(by_name_, name, {}, &Entry::lower_name);
    if (same.empty()) continue;
    auto& count = taken[static_cast<std::size_t>(same.begin() - by_name_.begin())];
    for (const auto size = static_cast<std::uint32_t>(same.size()); count < size;) {
      const auto* field = &fields_[same[size - ++count].field];
      if (field == self) continue;
      chosen.push_back(field);
      break;
    }
  }
  return chosen;
}

std::vector<const mime::HeaderField*> FieldIndex::first(std::string_view lower_name, std::size_t most) const {
  std::vector<const mime::HeaderField*> found;
  for (const auto& entry : std::ranges::equal_range(by_name_, lower_name, {}, [](const Entry& one) { return std::string_view(one.lower_name); })) {
    if (found.size() == most) break;
    found.push_back(&fields_[entry.field]);
  }
  return found;
}

std::size_t FieldIndex::count(std::string_view lower_name) const {
  return static_cast<std::size_t>(std::ranges::equal_range(by_name_, lower_name, {}, [](const Entry& one) { return std::string_view(one.lower_name); }).size());
}

// ---- the message

Message::Message(MessageLimits limits, std::vector<BodyTerms> also) : limits_(limits) {
  for (const auto& terms : also) want(terms);
}

void Message::want(const BodyTerms& terms) {
  if (std::ranges::none_of(wanted_, [&](const Wanted& one) { return one.terms == terms; })) wanted_.push_back({terms, BodyHasher(terms), {}});
}

void Message::feed(std::string_view chunk) {
  check(state_ != State::Ended, "a message is fed before its end");
  if (state_ == State::Header) chunk = feed_header(chunk);
  if (chunk.empty()) return;
  for (auto& wanted : wanted_) wanted.hasher.feed(chunk);
}

void Message::keep(std::string_view piece) {
  if (header_too_long_) return;
  header_too_long_ = header_.size() + piece.size() > limits_.most_header_octets;
  if (header_too_long_) header_ = {};
  else header_ += piece;
}

// The octets after the empty line that ends the header (RFC 5322 §2.1).
std::string_view Message::feed_header(std::string_view chunk) {
  while (!chunk.empty()) {
    const auto newline = chunk.find('\n');
    const auto piece = chunk.substr(0, newline == std::string_view::npos ? chunk.size() : newline + 1);
    chunk.remove_prefix(piece.size());
    keep(piece);
    line_head_ += piece.substr(0, 3 - line_head_.size());
    if (newline == std::string_view::npos) return {};
    if (line_head_ == "\n" || line_head_ == "\r\n") {
      end_header();
      return chunk;
    }
    line_head_.clear();
  }
  return {};
}

void Message::end_header() {
  state_ = State::Body;
  if (static_cast<std::size_t>(std::ranges::count(header_, '\n')) > limits_.most_header_lines) header_too_long_ = true, header_ = {};
  if (header_too_long_) return;
  fields_ = FieldIndex(header_);
  for (const auto* field : fields_.first("dkim-signature", limits_.most_signatures)) {
    auto& one = signatures_.emplace_back(SignatureField{field, {}, {}});
    if (const auto read = parse_signature(FieldKind::Dkim, field->value, &one.signature); !read) one.problem = read.error();
    else want({one.signature.body_form, one.signature.body_octets});
  }
  // The newest of ARC decides (RFC 8617 §5.2 step 4). The older ones tell which hop changed something (step 5): nearly always with
  // the same terms, so that they cost nothing; beyond a few different ones nobody asks.
  std::vector<Signature> sets;
  for (const auto* field : fields_.first("arc-message-signature", most_arc_fields))
    if (auto signature = parse_signature(FieldKind::ArcMessage, field->value)) sets.push_back(*std::move(signature));
  std::ranges::sort(sets, std::greater{}, &Signature::instance);
  const auto most = wanted_.size() + most_arc_body_hashes;
  for (const auto& signature : sets)
    if (wanted_.size() < most) want({signature.body_form, signature.body_octets});
}

void Message::end() {
  check(state_ != State::Ended, "a message ends once");
  if (state_ == State::Header) end_header();
  state_ = State::Ended;
  for (auto& wanted : wanted_) wanted.hash = wanted.hasher.finish();
}

const BodyHash* Message::body_hash(const BodyTerms& terms) const {
  check(ended(), "body hashes are there at the end");
  const auto found = std::ranges::find(wanted_, terms, &Wanted::terms);
  return found == wanted_.end() ? nullptr : &found->hash;
}

}  // namespace hikyaku::dkim
