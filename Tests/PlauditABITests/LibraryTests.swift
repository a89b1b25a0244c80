import CPlaudit
import Testing
