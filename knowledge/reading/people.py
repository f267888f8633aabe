"""Who else a message speaks of, as parts of patterns."""

#: The customer who paid, in Chinese and in English.
CUSTOMER_ZH = "(?:顾客|客人|客户|持卡人|买家|乘客|住客|房客|对方|人家|他|她)"
CUSTOMER_EN = r"\b(?:customer|cardholder|buyer|client|guest)s?\b"
#: "Others" who pay are customers of his, not other shops.
OTHER_CUSTOMERS = "(?:别人|其他人|(?:别的|其他)客人)"
