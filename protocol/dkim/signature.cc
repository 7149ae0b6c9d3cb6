#include "protocol/dkim/signature.h"

#include <algorithm>
#include <array>

#include "base/cursor.h"
#include "protocol/dns/host_name.h"

namespace hikyaku::dkim {
namespace {

std::unexpected<std::string> missing(std::string_view tag) { return failure(std::string(tag) + "= is missing"); }
std::unexpected<std::string> wrong(std::string_view tag) { return failure(std::string(tag) + "= is wrong"); }

std::optional<Form> form_of(std::string_view text) {
  if (text == "simple") return Form::Simple;
  if (text == "relaxed") return Form::Relaxed;
  return std::nullopt;
}

// c= "simple" / "relaxed" [ "/" the same for the body, simple if it is not said ]
bool read_forms(std::string_view text, Signature& into) {
  const auto slash = text.find('/');
  const auto header = form_of(text.substr(0, slash));
  const auto body = slash == std::string_view::npos ? std::optional(Form::Simple) : form_of(text.substr(slash + 1));
  if (!header || !body) return false;
  into.header_form = *header, into.body_form = *body;
  return true;
}

constexpr bool is_field_name_char(char c) { return c > 0x20 && c < 0x7f && c != ':' && c != ';'; }

// h= hdr-name *( [FWS] ":" [FWS] hdr-name ); empty parts are left out.
bool read_names(std::string_view text, Signature& into) {
  for (const auto part : split(text, ':')) {
    if (part.empty()) continue;
    if (into.names.size() == most_signed_names || !std::ranges::all_of(part, is_field_name_char)) return false;
    into.names.push_back(ascii_lower(part));
  }
  return true;
}

// i= [ Local-part ] "@" domain-name; of d= or below it (§3.5)
bool read_identity(std::string_view text, Signature& into) {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || std::ranges::any_of(text, [](char c) { return is_ctl(c); })) return false;
  const auto domain = ascii_lower(text.substr(at + 1));
  if (!dns::is_within(domain, into.domain)) return false;
  into.identity = std::string(text.substr(0, at + 1)) + domain;
  return true;
}

// Numbers of which a wrong one, or none at all after "=", spoils the signature.
bool read_number(const TagList& list, std::string_view name, std::optional<std::uint64_t>& into) {
  const auto* tag = list.find(name);
  if (tag == nullptr) return true;
  into = whole_number(tag->value);
  return into.has_value();
}

Result<void, std::string> read_base64(const Tag* tag, std::string_view name, std::string_view value, std::string& into) {
  if (tag == nullptr) return missing(name);
  auto octets = decode_folded_base64(value);
  if (!octets || octets->empty()) return wrong(name);
  into = *std::move(octets);
  return {};
}

Result<void, std::string> read_dkim_only(const TagList& list, Signature& into) {
  const auto* version = list.find("v");
  if (version == nullptr) return missing("v");
  if (version->value != "1") return failure(std::string("version is not 1"));
  if (const auto* methods = list.find("q"); methods != nullptr) {
    const auto all = split(methods->value, ':');
    if (std::ranges::find(all, "dns/txt") == all.end()) return failure(std::string("no way to get the key that is known"));
  }
  into.identity = "@" + into.domain;
  if (const auto* identity = list.find("i"); identity != nullptr && !read_identity(identity->value, into)) return failure(std::string("i= is not of d="));
  if (std::ranges::find(into.names, "from") == into.names.end()) return failure(std::string("From is not signed"));
  return {};
}

Result<void, std::string> read_arc_only(const TagList& list, Signature& into) {
  const auto* instance = list.find("i");
  if (instance == nullptr) return missing("i");
  const auto number = whole_number(instance->value);
  if (!number || *number < 1 || *number > 50) return wrong("i");
  into.instance = static_cast<unsigned>(*number);
  if (std::ranges::find(into.names, "arc-seal") != into.names.end()) return failure(std::string("ARC-Seal is signed"));  // RFC 8617 §4.1.2
  return {};
}

Result<void, std::string> read_all(FieldKind kind, const TagList& list, Signature& into) {
  const auto *b = list.find("b"), *bh = list.find("bh");
  if (b != nullptr) into.text = without_space(b->value);
  TRY(domain, read_name(list, "d"));
  into.domain = std::move(domain);
  TRY(selector, read_name(list, "s"));
  into.selector = std::move(selector);
  if (key_name(into.selector, into.domain).size() > dns::most_name_octets) return failure(std::string("the key's name is too long"));
  TRY(algorithm, read_algorithm(list));
  into.algorithm = algorithm;
  TRY_VOID(read_base64(b, "b", into.text, into.octets));
  TRY_VOID(read_base64(bh, "bh", bh == nullptr ? "" : bh->value, into.body_hash));
  if (into.body_hash.size() != Digest{}.size()) return wrong("bh");
  // Without c= ARC's signers mean relaxed, as the suite of its authors has it; DKIM's simple (§3.5).
  into.header_form = into.body_form = kind == FieldKind::Dkim ? Form::Simple : Form::Relaxed;
  if (const auto* c = list.find("c"); c != nullptr && !read_forms(c->value, into)) return wrong("c");
  const auto* names = list.find("h");
  if (names == nullptr) return missing("h");
  if (!read_names(names->value, into)) return wrong("h");
  if (!read_number(list, "l", into.body_octets)) return wrong("l");
  if (!read_number(list, "t", into.signed_at)) return wrong("t");
  if (!read_number(list, "x", into.expires) || (into.expires && into.signed_at && *into.expires <= *into.signed_at)) return wrong("x");
  return kind == FieldKind::Dkim ? read_dkim_only(list, into) : read_arc_only(list, into);
}

}  // namespace

Result<Algorithm, std::string> read_algorithm(const TagList& list) {
  const auto* tag = list.find("a");
  if (tag == nullptr) return missing("a");
  for (const auto known : {Algorithm::RsaSha256, Algorithm::Ed25519Sha256})
    if (tag->value == algorithm_name(known)) return known;
  if (tag->value == "rsa-sha1") return failure(std::string("rsa-sha1 proves nothing any more"));  // RFC 8301 §3.1
  return failure(std::string("unknown algorithm"));
}

Result<std::string, std::string> read_name(const TagList& list, std::string_view tag) {
  const auto* found = list.find(tag);
  if (found == nullptr) return missing(tag);
  // A domain in letters of its own (RFC 8616) is asked for by its A-labels.
  auto name = dns::canonical_name(found->value);
  if (!name || (tag == "d" && name->find('.') == std::string::npos)) return wrong(tag);
  return *std::move(name);
}

std::string key_name(std::string_view selector, std::string_view domain) { return std::string(selector) + "._domainkey." + std::string(domain); }

Result<Signature, std::string> parse_signature(FieldKind kind, std::string_view value, Signature* so_far) {
  const auto list = TagList::parse(value);
  if (!list) return failure(std::string("syntax error"));
  Signature signature;
  const auto read = read_all(kind, *list, signature);
  if (so_far != nullptr) *so_far = signature;
  if (!read) return failure(read.error());
  return signature;
}

std::string without_signature(std::string_view whole) {
  const auto colon = std::min(whole.find(':'), whole.size());
  const auto list = TagList::parse(whole.substr(std::min(colon + 1, whole.size())));
  const auto* tag = list ? list->find("b") : nullptr;
  if (tag == nullptr) return std::string(whole);
  const auto begin = static_cast<std::size_t>(tag->whole.data() - whole.data());
  return std::string(whole.substr(0, begin)) + std::string(whole.substr(begin + tag->whole.size()));
}

}  // namespace hikyaku::dkim
