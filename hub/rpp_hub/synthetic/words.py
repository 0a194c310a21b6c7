"""Names for people and schools that do not exist."""

FIRST = (
    "Amara", "Ana", "André", "Aaliyah", "Benjamin", "Bianca", "Camila", "Carlos", "Chloé", "Daniel", "Dalia", "David",
    "Elena", "Élise", "Emmanuel", "Fátima", "Gabriel", "Grace", "Hana", "Hiroshi", "Imani", "Isaac", "Ivy", "Jamal",
    "Jasmine", "José", "Julia", "Kai", "Kavya", "Keisha", "Lena", "Leo", "Lucía", "Malik", "María", "Mei", "Minh",
    "Nadia", "Noah", "Nuria", "Olivia", "Omar", "Paolo", "Priya", "Quinn", "Rafael", "Renée", "Rosa", "Samuel",
    "Sofía", "Tariq", "Thi", "Tomás", "Uma", "Valentina", "Victor", "Wei", "Xavier", "Yara", "Yusuf", "Zoë", "Zuri",
)  # fmt: skip
LAST = (
    "Abara", "Acosta", "Alvarez", "Anders", "Bâ", "Banerjee", "Bell", "Brandão", "Castillo", "Chan", "Cho", "Clarke",
    "Cruz", "Dang", "Delacroix", "Diaz", "Dubois", "Eze", "Fernández", "Flores", "Fofanah", "Gallagher", "García",
    "Gomez", "Gupta", "Haddad", "Hernández", "Ho", "Ibarra", "Ibrahim", "Jackson", "Johansson", "Kaur", "Kim",
    "Kowalski", "Lam", "Lee", "Leung", "López", "Mahmoud", "Martínez", "Mbeki", "Mendoza", "Müller", "Nakamura",
    "Navarro", "Ng", "Nguyễn", "Núñez", "O'Brien", "Okafor", "Ortega", "Park", "Patel", "Pérez", "Pham", "Quispe",
    "Ramírez", "Reyes", "Rivera", "Robinson", "Rossi", "Sánchez", "Santos", "Singh", "Smith", "Suárez", "Tanaka",
    "Thompson", "Torres", "Tran", "Turner", "Vargas", "Villanueva", "Walker", "Wang", "Washington", "Wong", "Yılmaz",
    "Young", "Zapata", "Zhou",
)  # fmt: skip
PLACES = (
    "Alder Creek", "Bayshore", "Bridgeview", "Canyon Oak", "Cedar Point", "Cypress Hill", "Eastlight", "Ferry Landing",
    "Foghorn", "Garden Terrace", "Harbor Heights", "Juniper", "Kestrel Ridge", "Laguna Vista", "Lighthouse", "Madrone",
    "Marsh Lane", "Miramar", "North Pier", "Ocean Gate", "Pelican", "Portola Glen", "Quarry Road", "Redwood Grove",
    "Saltbox", "Sandpiper", "Seacliff", "Silver Tide", "Southwharf", "Sycamore", "Tamarack", "Tidewater", "Westwind",
)  # fmt: skip
