// HeaderWriter: the header of a message we make. Each field is folded at 78 columns where it has space (RFC 5322 §2.1.1),
// text beyond ASCII becomes encoded words, and no value can smuggle in a line end: controls become spaces.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "mail/address.h"

namespace hikyaku::mime {

class HeaderWriter {
 public:
  // A structured or plain ASCII value, as it is, folded at its spaces.
  HeaderWriter& field(std::string_view name, std::string_view value);
  // Text for people, in UTF-8: Subject, Content-Description.
  HeaderWriter& text(std::string_view name, std::string_view utf8);
  // One mailbox with its display name (UTF-8, may be empty).
  HeaderWriter& mailbox(std::string_view name, std::string_view display_name, const Address& address);
  HeaderWriter& date(std::string_view name, WallTime when, int zone_minutes);
  // A value with one parameter, in RFC 2231's form where it needs it: Content-Disposition: attachment; filename*=...
  HeaderWriter& parameterised(std::string_view name, std::string_view value, std::string_view parameter,
                              std::string_view utf8);

  // The fields so far, each ended with CRLF, without the empty line.
  [[nodiscard]] const std::string& fields() const { return out_; }

 private:
  void folded(std::string_view name, std::string_view value);
  std::string out_;
};

}  // namespace hikyaku::mime
