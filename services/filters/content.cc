#include "services/filters/content.h"

#include <re2/re2.h>

#include <algorithm>
#include <optional>

#include "base/cursor.h"
#include "protocol/mime/encoded_word.h"
#include "protocol/mime/header.h"
#include "protocol/mime/search_text.h"
#include "protocol/mime/structure.h"

namespace hikyaku::filters {

using directory::ContentAction;
using directory::ContentMode;
using directory::ContentPart;
using directory::ContentRow;

namespace {

// One condition's pattern, ready: an expression, an extension, a type, a network, or words.
struct Condition {
  ContentPart part = ContentPart::Header;
  std::string field;
  std::unique_ptr<RE2> expression;
  std::string extension, type;  // lower case
  std::optional<io::IpNetwork> network;
  mime::Matcher words;
};

}  // namespace

struct ContentTable::Compiled {
  ContentRow row;
  std::vector<Condition> conditions;  // all of which must hold
};

namespace {

struct Attachment {
  std::string name, normal_name, type;
};

struct Field {
  std::string_view name;
  std::string text, normal;
};

std::string short_line(std::string_view text) {
  constexpr std::size_t most = 120;
  std::string out(text.substr(0, most));
  while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0U) == 0x80U) out.pop_back();
  if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0U) out.pop_back();
  if (text.size() <= most) out = text;
  for (char& c : out)
    if (is_ctl(c)) c = ' ';
  return out;
}

// Windows leaves out dots and blanks at the end of a name: so does who opens it there.
std::string trimmed(std::string name) {
  while (!name.empty() && (name.back() == '.' || name.back() == ' ')) name.pop_back();
  return name;
}

// What of a message is looked at, decoded once and only when a row asks for it.
class Looked {
 public:
  Looked(std::string_view message, const std::optional<io::IpAddress>& client) : message_(message), client_(client), structure_(mime::Structure::parse(message)) {}

  [[nodiscard]] const std::optional<io::IpAddress>& client() const { return client_; }

  const std::vector<Field>& fields() {
    if (!fields_) {
      fields_.emplace();
      mime::TextStore store;
      mime::HeaderReader reader(message_.substr(0, static_cast<std::size_t>(mime::header_octets(message_))));
      while (const auto field = reader.next()) {
        auto text = mime::decode_header_text(mime::unfold(field->value, store));
        auto normal = mime::normalise(text);
        fields_->push_back({field->name, std::move(text), std::move(normal)});
      }
    }
    return *fields_;
  }
  const std::string& body() {
    if (!body_) body_ = mime::body_text(structure_, message_);
    return *body_;
  }
  const std::string& normal_body() {
    if (!normal_body_) normal_body_ = mime::normalise(body());
    return *normal_body_;
  }
  const std::vector<Attachment>& attachments() {
    if (!attachments_) {
      attachments_.emplace();
      for (const auto& part : structure_.parts) take(part);
    }
    return *attachments_;
  }

 private:
  void take(const mime::Part& part) {
    if (part.kind == mime::Part::Kind::Multipart) return;
    std::optional<std::string> name;
    if (part.disposition) name = mime::decoded_parameter(part.disposition->parameters, "filename");
    if (!name) name = mime::decoded_parameter(part.parameters, "name");
    const bool attached = part.disposition && equal_ignoring_case(part.disposition->type, "attachment");
    if (!name && !attached && part.is("text")) return;
    auto trimmed_name = trimmed(name.value_or(""));
    auto normal = mime::normalise(trimmed_name);
    attachments_->push_back({std::move(trimmed_name), trimmed(std::move(normal)), ascii_lower(std::string(part.type) + "/" + std::string(part.subtype))});
  }

  std::string_view message_;
  std::optional<io::IpAddress> client_;
  mime::Structure structure_;
  std::optional<std::vector<Field>> fields_;
  std::optional<std::string> body_, normal_body_;
  std::optional<std::vector<Attachment>> attachments_;
};

bool matches(const RE2* expression, const mime::Matcher& words, std::string_view text, std::string_view normal) {
  if (expression != nullptr) return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *expression);
  return words.found_in(normal);
}

// Nothing: the expression, or the network, is none.
std::optional<Condition> compiled(ContentPart part, const std::string& field, const std::string& pattern) {
  Condition ready{part, field, nullptr, {}, {}, {}, mime::Matcher(pattern)};
  if (part == ContentPart::Client) {
    ready.network = io::IpNetwork::parse(pattern);
    if (!ready.network) return std::nullopt;
  } else if (pattern.size() >= 3 && pattern.starts_with('/') && pattern.ends_with('/')) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1 << 20);
    ready.expression = std::make_unique<RE2>(pattern.substr(1, pattern.size() - 2), options);
    if (!ready.expression->ok()) return std::nullopt;
  } else if (part == ContentPart::Attachment) {
    if (pattern.starts_with('.')) ready.extension = mime::normalise(pattern);
    else if (pattern.find('/') != std::string::npos && pattern.find(' ') == std::string::npos) ready.type = ascii_lower(pattern);
  }
  return ready;
}

}  // namespace

ContentTable::ContentTable(std::vector<ContentRow> rows) {
  std::ranges::sort(rows, {}, &ContentRow::name);
  for (auto& row : rows) {
    if (row.mode == ContentMode::Off) continue;
    Compiled ready;
    auto first = compiled(row.part, row.field, row.pattern);
    if (first) ready.conditions.push_back(*std::move(first));
    for (const auto& condition : row.also)
      if (auto further = compiled(condition.part, condition.field, condition.pattern)) ready.conditions.push_back(*std::move(further));
    if (ready.conditions.size() != 1 + row.also.size()) continue;
    ready.row = std::move(row);
    rows_.push_back(std::move(ready));
  }
}

ContentTable::~ContentTable() = default;

namespace {

bool comes_apart(const ContentRow& row, Answers answers) {
  return row.mode == ContentMode::Enforce && (answers == Answers::One || row.action == ContentAction::Tag);
}

}  // namespace

bool ContentTable::acts(Answers answers) const {
  return std::ranges::any_of(rows_, [answers](const Compiled& one) { return one.row.action != ContentAction::Pass && comes_apart(one.row, answers); });
}

namespace {

std::optional<std::string> found_in(const Condition& one, Looked& looked) {
  switch (one.part) {
    case ContentPart::Header:
      for (const auto& field : looked.fields())
        if ((one.field == "*" || equal_ignoring_case(field.name, one.field)) && matches(one.expression.get(), one.words, field.text, field.normal)) return std::string(field.name) + ": " + field.text;
      return std::nullopt;
    case ContentPart::Body:
      if (one.expression ? matches(one.expression.get(), one.words, looked.body(), {}) : one.words.found_in(looked.normal_body())) return "body";
      return std::nullopt;
    case ContentPart::Attachment:
      for (const auto& part : looked.attachments()) {
        const bool is = !one.extension.empty() ? part.normal_name.ends_with(one.extension)
                        : !one.type.empty()    ? part.type == one.type || (one.type.ends_with("/*") && part.type.starts_with(one.type.substr(0, one.type.size() - 1)))
                                               : matches(one.expression.get(), one.words, part.name, part.normal_name);
        if (is) return "attachment " + part.name + " (" + part.type + ")";
      }
      return std::nullopt;
    case ContentPart::Client:
      if (looked.client() && one.network->contains(*looked.client())) return "client " + looked.client()->to_string();
      return std::nullopt;
  }
  return std::nullopt;
}

std::optional<std::string> found_in(const std::vector<Condition>& conditions, Looked& looked) {
  std::string evidence;
  for (const auto& condition : conditions) {
    const auto found = found_in(condition, looked);
    if (!found) return std::nullopt;
    evidence += (evidence.empty() ? "" : "; ") + *found;
  }
  return evidence;
}

}  // namespace

std::vector<ContentFound> ContentTable::inspect(std::string_view message, const std::optional<io::IpAddress>& client) const {
  std::vector<ContentFound> found;
  Looked looked(message, client);
  for (const auto& one : rows_) {
    const auto evidence = found_in(one.conditions, looked);
    if (!evidence) continue;
    found.push_back({&one.row, short_line(*evidence)});
    if (one.row.action == ContentAction::Pass && one.row.mode == ContentMode::Enforce && one.row.recipient.empty()) break;
  }
  return found;
}

bool ContentTable::concerns(const ContentRow& row, const Address& recipient) {
  if (row.recipient.empty()) return true;
  if (row.recipient.find('@') == std::string::npos) return equal_ignoring_case(row.recipient, recipient.domain);
  return equal_ignoring_case(row.recipient, recipient.text());
}

std::string ContentTable::rows_of(const Address& recipient, Answers answers) const {
  std::string out;
  for (const auto& one : rows_)
    if (!one.row.recipient.empty() && comes_apart(one.row, answers) && concerns(one.row, recipient)) out += one.row.name + ' ';
  return out;
}

}  // namespace hikyaku::filters
